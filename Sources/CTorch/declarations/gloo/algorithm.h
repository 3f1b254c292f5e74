// Names of Gloo's that c10d's header mentions: the wheel of torch has Gloo inside libtorch_cpu, but not its headers.
// Nothing of these files is instantiated here; c10d's own functions do that.
#pragma once
