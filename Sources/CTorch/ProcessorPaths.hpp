// Which of several ways computes something: what the processor decides, unless the environment or a test does.
#pragma once

#include "CTorch.h"

namespace ctorch {

// The paths of the calling thread: those that were set for it, else the process's, which the environment and the
// processor decide once. Throws a Failure when the environment asks for something that is unknown or that this
// processor cannot run.
//
// Operators ask once, on the thread that calls them, and hand what they got to their loops: other threads may have
// other paths.
const ct_processor_paths &processorPaths();

}  // namespace ctorch
