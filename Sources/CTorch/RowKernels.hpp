// Row loops of the fused operators, compiled for several instruction sets. Values are float32 in registers; `Element` is
// what memory holds (float or c10::BFloat16).
#pragma once

#include <cstdint>

namespace ctorch {

// Sum of squares of a row.
template <typename Element>
float sumOfSquares(const Element *x, int64_t count);

// out = weight · round(x · scale), rounded to Element after each product as LlamaRMSNorm does.
template <typename Element>
void scaleByWeight(const Element *x, const Element *weight, float scale, Element *out, int64_t count);

// out = round(silu(gate)) · up
template <typename Element>
void siluMultiply(const Element *gate, const Element *up, Element *out, int64_t count);

// Rotate-half: the halves of a head of 2·half elements turn by the angles whose cosines and sines are given.
template <typename Element>
void rotateHalf(const Element *x, const float *cosine, const float *sine, Element *out, int64_t half);

// In place: softmax(scale · row[0 ..< valid]); row[valid ..< count] becomes 0.
template <typename Element>
void maskedSoftmax(Element *row, int64_t valid, int64_t count, float scale);

// Attention of one query head on `length` cached keys and values (rows of `dimension` elements, one after the other):
// out = softmax(scale · keys · query) · values. `scores` [length] and `sums` [dimension] are scratch.
template <typename Element>
void attendRow(
    const Element *query, const Element *keys, const Element *values, int64_t length, int64_t dimension, float scale,
    float *scores, float *sums, Element *out);

// Most input rows that streamedProduct takes: with more of them the library's products are faster.
template <typename Element>
int64_t maximumStreamedRows();

// out[r][o] = x[r] · weight[o] (+ residual[r][o] where given) for the outputs begin ..< end and up to
// maximumStreamedRows() rows. weight is [outputs, inner]; out and residual have `outputs` columns.
template <typename Element>
void streamedProduct(
    const Element *x, int64_t rows, int64_t inner, const Element *weight, int64_t begin, int64_t end,
    int64_t outputs, const Element *residual, Element *out);

}  // namespace ctorch
