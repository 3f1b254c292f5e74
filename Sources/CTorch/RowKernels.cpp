#include "RowKernels.hpp"

#include <algorithm>
#include <cmath>

#include "RowMath.hpp"

namespace ctorch {
namespace {

BODY float sumOfSquaresBody(const Element *x, int64_t count) {
#pragma clang fp reassociate(on) contract(fast)
  float sum = 0;
  for (int64_t i = 0; i < count; ++i) {
    const float value = load(x[i]);
    sum += value * value;
  }
  return sum;
}

BODY void scaleByWeightBody(const Element *x, const Element *weight, float scale, Element *out, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    out[i] = store<Element>(load(weight[i]) * load(store<Element>(load(x[i]) * scale)));
  }
}

BODY void siluMultiplyBody(const Element *gate, const Element *up, Element *out, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const float value = load(gate[i]);
    const float silu = value / (1.0f + exponential(-value));
    out[i] = store<Element>(load(store<Element>(silu)) * load(up[i]));
  }
}

BODY void rotateHalfBody(const Element *x, const float *cosine, const float *sine, Element *out, int64_t half) {
  for (int64_t i = 0; i < half; ++i) {
    const float first = load(x[i]), second = load(x[i + half]);
    out[i] = store<Element>(first * cosine[i] - second * sine[i]);
    out[i + half] = store<Element>(second * cosine[i] + first * sine[i]);
  }
}

BODY void maskedSoftmaxBody(Element *row, int64_t valid, int64_t count, float scale) {
#pragma clang fp reassociate(on) contract(fast)
  constexpr int64_t lanes = 64;  // partial maxima, so that the loop vectorises without assuming away NaN
  float partial[lanes];
  for (int64_t j = 0; j < lanes; ++j) partial[j] = -INFINITY;
  int64_t i = 0;
  for (; i + lanes <= valid; i += lanes) {
    for (int64_t j = 0; j < lanes; ++j) {
      const float value = load(row[i + j]);
      partial[j] = value > partial[j] ? value : partial[j];
    }
  }
  for (; i < valid; ++i) partial[0] = std::max(partial[0], load(row[i]));
  float maximum = -INFINITY;
  for (int64_t j = 0; j < lanes; ++j) maximum = std::max(maximum, partial[j]);
  float sum = 0;
  for (int64_t j = 0; j < valid; ++j) sum += exponential((load(row[j]) - maximum) * scale);
  const float inverse = 1.0f / sum;
  for (int64_t j = 0; j < valid; ++j) {
    row[j] = store<Element>(exponential((load(row[j]) - maximum) * scale) * inverse);
  }
  for (int64_t j = valid; j < count; ++j) row[j] = store<Element>(0);
}

BODY void attendRowBody(
    const Element *query, const Element *keys, const Element *values, int64_t length, int64_t dimension, float scale,
    float *scores, float *sums, Element *out) {
#pragma clang fp reassociate(on) contract(fast)
  float maximum = -INFINITY;
  for (int64_t t = 0; t < length; ++t) {
    const Element *key = keys + t * dimension;
    float dot = 0;
    for (int64_t d = 0; d < dimension; ++d) dot += load(query[d]) * load(key[d]);
    scores[t] = dot * scale;
    maximum = scores[t] > maximum ? scores[t] : maximum;
  }
  float sum = 0;
  for (int64_t t = 0; t < length; ++t) {
    scores[t] = exponential(scores[t] - maximum);
    sum += scores[t];
  }
  for (int64_t d = 0; d < dimension; ++d) sums[d] = 0;
  for (int64_t t = 0; t < length; ++t) {
    const Element *value = values + t * dimension;
    const float weight = scores[t];
    for (int64_t d = 0; d < dimension; ++d) sums[d] += weight * load(value[d]);
  }
  const float inverse = 1.0f / sum;
  for (int64_t d = 0; d < dimension; ++d) out[d] = store<Element>(sums[d] * inverse);
}

template <typename Element>
RowKernels<Element> kernelsAt(ct_kernels level) {
  return {
      .sumOfSquares = Compiled<sumOfSquaresBody<Element>>::at(level),
      .scaleByWeight = Compiled<scaleByWeightBody<Element>>::at(level),
      .siluMultiply = Compiled<siluMultiplyBody<Element>>::at(level),
      .rotateHalf = Compiled<rotateHalfBody<Element>>::at(level),
      .maskedSoftmax = Compiled<maskedSoftmaxBody<Element>>::at(level),
      .attendRow = Compiled<attendRowBody<Element>>::at(level),
  };
}

}  // namespace

template <>
const RowKernels<float> &rowKernels() {
  return kernelsOfThisThread<kernelsAt<float>>();
}
template <>
const RowKernels<c10::BFloat16> &rowKernels() {
  return kernelsOfThisThread<kernelsAt<c10::BFloat16>>();
}

}  // namespace ctorch
