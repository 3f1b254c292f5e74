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

}  // namespace ctorch
