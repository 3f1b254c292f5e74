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

  // In place: softmax(scale · row[0 ..< valid]); row[valid ..< count] becomes 0.
  void (*maskedSoftmax)(Element *row, int64_t valid, int64_t count, float scale);

  // Attention of one query head on `length` cached keys and values (rows of `dimension` elements, one after the other):
  // out = softmax(scale · keys · query) · values. `scores` [length] and `sums` [dimension] are scratch.
  void (*attendRow)(
      const Element *query, const Element *keys, const Element *values, int64_t length, int64_t dimension, float scale,
      float *scores, float *sums, Element *out);
};

template <typename Element>
struct StreamedProduct {
  // Most input rows that `multiply` takes: with more of them the library's products are faster.
  int64_t maximumRows;

  // out[r][o] = x[r] · weight[o] (+ residual[r][o] where given) for the outputs begin ..< end and up to maximumRows
  // rows. weight is [outputs, inner]; out and residual have `outputs` columns.
  void (*multiply)(
      const Element *x, int64_t rows, int64_t inner, const Element *weight, int64_t begin, int64_t end,
      int64_t outputs, const Element *residual, Element *out);
};

// The kernels of the calling thread's processor paths. To be asked for outside of parallel loops.
template <typename Element>
const RowKernels<Element> &rowKernels();
template <typename Element>
const StreamedProduct<Element> &streamedProduct();

}  // namespace ctorch
