// What the build knows of itself. A target of its own so that a new commit recompiles one line and nothing else.
#ifndef PATRON_CVERSION_H
#define PATRON_CVERSION_H

// Git revision that the build was given in the environment variable PATRON_REVISION, or "". Static.
const char *patron_revision(void);

#endif
