// The processor's matrix units ("AMX").
#pragma once

namespace ctorch {

// Whether this processor multiplies tiles of bfloat16 and the system lets this process do so, for which it is asked
// once: the state of the tiles is 8 KiB of each thread, which Linux does not keep for those that did not ask.
bool runsBF16Tiles();

}  // namespace ctorch
