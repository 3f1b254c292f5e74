// The policy's loss on one row of logits, compiled for several instruction sets.
#pragma once

#include <cstdint>

#include "CTorch.h"

namespace ctorch {

// What the loss of one token depends on besides its logits.
struct PolicyToken {
  int64_t target;
  // Log-probabilities before the update and of the reference; where there is none the ratio is 1, the divergence 0.
  const float *old;
  const float *reference;
  // Null: no loss.
  const ct_policy_weights *weights;
};

struct PolicyKernels {
  // Log-probability, entropy, ratio and k3 of the row; where there are weights and `gradient` is wanted, the row
  // becomes the loss's gradient.
  ct_policy_figures (*row)(float *logits, int64_t count, PolicyToken token, ct_policy_options options, bool gradient);
};

// The kernels of the calling thread's processor paths. To be asked for outside of parallel loops.
const PolicyKernels &policyKernels();

// Limits of the log-ratios' and of k3's size, beyond which nothing flows back (SkyRL's).
constexpr float logRatioLimit = 20, divergenceLimit = 10;

}  // namespace ctorch
