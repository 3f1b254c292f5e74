// Row loops of the training path's operators, compiled for several instruction sets. `Element` is float or
// c10::BFloat16.
#pragma once

#include <cstdint>

namespace ctorch {

template <typename Element>
struct TrainingKernels {
  // accumulate += d(RMSNorm)/dx for one row: with r = 1/√(mean(x²) + ε) and g = weight · gradient,
  // r · g − x · r³ · mean(g · x).
  void (*rmsNormBackward)(
      const Element *x, const Element *weight, const Element *gradient, float epsilon, Element *accumulate,
      int64_t count);

  // The gradients of silu(gate) · up, written over gate and up.
  void (*siluMultiplyBackward)(Element *gate, Element *up, const Element *gradient, int64_t count);

  // Rotate-half in place; `direction` −1 turns back, which is also the gradient.
  void (*rotateHalfInPlace)(Element *x, const float *cosine, const float *sine, float direction, int64_t half);

  // Dropout whose mask is a function of (seed, index): it needs no memory and is the same in the backward pass.
  // out[i] = x[i] / (1 − p) where element `first + i` is kept, else 0; or the same added to out.
  void (*countedDropout)(
      const Element *x, Element *out, int64_t first, int64_t count, uint64_t seed, uint32_t threshold, float scale,
      bool adding);
};

// Rows of scores and logits, which are float32 always.
struct ScoreKernels {
  // In place: softmax(scale · row[0 ..< valid]), zeros after it; returns log Σ exp(scale · row).
  float (*softmaxWithNormalizer)(float *row, int64_t valid, int64_t count, float scale);

  // One row of attention's backward pass, in place: scores become probabilities p = exp(scale · score − normalizer),
  // and `gradient` (with respect to p) becomes p · (gradient − delta) · scale, that with respect to the scores.
  void (*attentionBackwardRow)(
      float *scores, float *gradient, int64_t valid, int64_t count, float scale, float normalizer, float delta);

  // −log softmax(logits)[target]; the row becomes (softmax − one-hot) · scale.
  float (*crossEntropyRow)(float *logits, int64_t count, int64_t target, float scale);
};

// The kernels of the calling thread's processor paths. To be asked for outside of parallel loops.
template <typename Element>
const TrainingKernels<Element> &trainingKernels();
const ScoreKernels &scoreKernels();

}  // namespace ctorch
