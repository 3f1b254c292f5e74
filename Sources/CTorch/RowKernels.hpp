// Row loops of the fused operators, compiled for several instruction sets. Values are float32 in registers; `Element`
// is what memory holds (float or c10::BFloat16).
#pragma once

#include <cstdint>

namespace ctorch {

template <typename Element>
struct RowKernels {
  // Sum of squares of a row.
  float (*sumOfSquares)(const Element *x, int64_t count);

  // out = weight · round(x · scale), rounded to Element after each product as LlamaRMSNorm does.
  void (*scaleByWeight)(const Element *x, const Element *weight, float scale, Element *out, int64_t count);

  // out = round(silu(gate)) · up
  void (*siluMultiply)(const Element *gate, const Element *up, Element *out, int64_t count);

  // Rotate-half: the halves of a head of 2·half elements turn by the angles whose cosines and sines are given.
  void (*rotateHalf)(const Element *x, const float *cosine, const float *sine, Element *out, int64_t half);
};

// The kernels of the calling thread's processor paths. To be asked for outside of parallel loops.
template <typename Element>
const RowKernels<Element> &rowKernels();

}  // namespace ctorch
