#include "ChoiceKernels.hpp"

#include <algorithm>
#include <cmath>

#include "RowMath.hpp"

namespace ctorch {
namespace {

// e^x, and 0 where that is hardly more.
static inline __attribute__((always_inline)) float exponentialOrZero(float x) {
  const float value = exponential(x);
  return x < -87.0f ? 0.0f : value;
}

BODY float largestBody(const Element *x, int64_t count) {
  constexpr int64_t lanes = 64;  // partial maxima, so that the loop vectorises without assuming away NaN
  float partial[lanes];
  for (int64_t j = 0; j < lanes; ++j) partial[j] = -INFINITY;
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    for (int64_t j = 0; j < lanes; ++j) {
      const float value = load(x[i + j]);
      partial[j] = value > partial[j] ? value : partial[j];
    }
  }
  for (; i < count; ++i) {
    const float value = load(x[i]);
    partial[0] = value > partial[0] ? value : partial[0];
  }
  float largest = -INFINITY;
  for (int64_t j = 0; j < lanes; ++j) largest = partial[j] > largest ? partial[j] : largest;
  return largest;
}

BODY int64_t placeBody(const Element *x, int64_t count, float value) {
  constexpr int64_t block = 256;
  int64_t i = 0;
  for (; i + block <= count; i += block) {
    uint32_t found = 0;
    for (int64_t j = 0; j < block; ++j) found |= load(x[i + j]) == value ? 1u : 0u;
    if (found) break;
  }
  while (i < count && load(x[i]) != value) ++i;
  return i;
}

BODY double sumOfExponentialsBody(const Element *x, int64_t count, float shift, float scale) {
#pragma clang fp reassociate(on) contract(fast)
  constexpr int64_t block = 8192;  // as far as float32 sums up well
  double sum = 0;
  for (int64_t first = 0; first < count; first += block) {
    const int64_t end = std::min(count, first + block);
    float part = 0;
    for (int64_t i = first; i < end; ++i) part += exponentialOrZero((load(x[i]) - shift) * scale);
    sum += double(part);
  }
  return sum;
}

BODY void divideBody(const Element *x, int64_t count, float divisor, float *out) {
  for (int64_t i = 0; i < count; ++i) out[i] = load(x[i]) / divisor;
}

BODY double exponentialsBody(Element *x, int64_t count, float shift) {
#pragma clang fp reassociate(on) contract(off)
  double sum = 0;
  for (int64_t i = 0; i < count; ++i) {
    const float power = x[i] - shift;
    const float value = exponential(power);
    x[i] = power >= -87.0f ? value : 0.0f;
    sum += double(x[i]);
  }
  return sum;
}

BODY int64_t collectBody(
    const Element *weights, int64_t count, float sum, float least, int32_t *places, uint32_t *shares, double *rest) {
#pragma clang fp reassociate(on) contract(off)
  constexpr int64_t block = 16;  // most blocks of a model's have nothing to list
  double others = 0;
  int64_t listed = 0;
  int64_t first = 0;
  const auto list = [&](int64_t i, float share) __attribute__((always_inline)) {
    places[listed] = int32_t(i);
    std::memcpy(&shares[listed], &share, 4);
    listed += share >= least ? 1 : 0;
  };
  for (; first + block <= count; first += block) {
    float share[block];
    uint32_t found = 0;
    double part = 0;
    for (int64_t j = 0; j < block; ++j) {
      share[j] = weights[first + j] / sum;
      found |= share[j] >= least ? 1u : 0u;
      part += double(share[j] >= least ? 0.0f : share[j]);
    }
    others += part;
    for (int64_t j = 0; j < (found ? block : 0); ++j) list(first + j, share[j]);
  }
  for (; first < count; ++first) {
    const float share = weights[first] / sum;
    others += double(share >= least ? 0.0f : share);
    list(first, share);
  }
  *rest = others;
  return listed;
}

BODY int64_t drawBody(const Element *weights, int64_t count, float sum, double uniform) {
#pragma clang fp reassociate(on) contract(off)
  constexpr int64_t block = 256;
  double total = 0;
  for (int64_t first = 0; first < count; first += block) {
    const int64_t end = std::min(count, first + block);
    double part = 0;
    for (int64_t i = first; i < end; ++i) part += double(weights[i] / sum);
    if (!(total + part > uniform)) {
      total += part;
      continue;
    }
    for (int64_t i = first; i < end; ++i) {
      total += double(weights[i] / sum);
      if (total > uniform) return i;
    }
  }
  int64_t last = count - 1;
  while (last > 0 && !(weights[last] > 0)) --last;
  return last;
}

template <typename Element>
LogitKernels<Element> logitKernelsAt(ct_kernels level) {
  return {
      .largest = Compiled<largestBody<Element>>::at(level),
      .place = Compiled<placeBody<Element>>::at(level),
      .sumOfExponentials = Compiled<sumOfExponentialsBody<Element>>::at(level),
      .divide = Compiled<divideBody<Element>>::at(level),
  };
}

WeightKernels weightKernelsAt(ct_kernels level) {
  return {
      .exponentials = Compiled<exponentialsBody<float>>::at(level),
      .collect = Compiled<collectBody<float>>::at(level),
      .draw = Compiled<drawBody<float>>::at(level),
  };
}

}  // namespace

template <>
const LogitKernels<float> &logitKernels() {
  return kernelsOfThisThread<logitKernelsAt<float>>();
}
template <>
const LogitKernels<c10::BFloat16> &logitKernels() {
  return kernelsOfThisThread<logitKernelsAt<c10::BFloat16>>();
}
const WeightKernels &weightKernels() { return kernelsOfThisThread<weightKernelsAt>(); }

}  // namespace ctorch
