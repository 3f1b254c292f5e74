// Loops over rows of logits that choose tokens, compiled for several instruction sets.
#pragma once

#include <cstdint>

namespace ctorch {

// `Element` is what memory holds (float or c10::BFloat16); values are float32 in registers.
template <typename Element>
struct LogitKernels {
  // The largest; NaN never is. -infinity where there is none.
  float (*largest)(const Element *x, int64_t count);

  // The first place of a value; `count` where it is nowhere.
  int64_t (*place)(const Element *x, int64_t count, float value);

  // Σ exp((x - shift) · scale); terms below e^-87 count as 0, NaN stays.
  double (*sumOfExponentials)(const Element *x, int64_t count, float shift, float scale);

  // out = x / divisor, in float32.
  void (*divide)(const Element *x, int64_t count, float divisor, float *out);
};

// Loops over the weights that a token is drawn by. A token's share is its weight over their sum, rounded to float32.
struct WeightKernels {
  // In place: exp(x - shift), 0 for what is below e^-87 and for NaN; returns their sum.
  double (*exponentials)(float *x, int64_t count, float shift);

  // Lists those whose share is not below `least`, in order: their places, and their shares' bits. `rest` becomes the
  // sum of the other shares. Returns how many are listed. The lists have room for all.
  int64_t (*collect)(
      const float *weights, int64_t count, float sum, float least, int32_t *places, uint32_t *shares, double *rest);

  // The first place where the sum of the shares up to it exceeds `uniform`; the last with a share if there is none.
  int64_t (*draw)(const float *weights, int64_t count, float sum, double uniform);
};

// The kernels of the calling thread's processor paths. To be asked for outside of parallel loops.
template <typename Element>
const LogitKernels<Element> &logitKernels();
const WeightKernels &weightKernels();

}  // namespace ctorch
