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

template <typename Element>
RowKernels<Element> kernelsAt(ct_kernels level) {
  return {
      .sumOfSquares = Compiled<sumOfSquaresBody<Element>>::at(level),
      .scaleByWeight = Compiled<scaleByWeightBody<Element>>::at(level),
      .siluMultiply = Compiled<siluMultiplyBody<Element>>::at(level),
      .rotateHalf = Compiled<rotateHalfBody<Element>>::at(level),
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
