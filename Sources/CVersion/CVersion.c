#include "CVersion.h"

#ifndef PATRON_REVISION
#define PATRON_REVISION ""
#endif

const char *patron_revision(void) { return PATRON_REVISION; }
