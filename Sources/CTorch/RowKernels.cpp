#include "RowKernels.hpp"

#include <c10/util/BFloat16.h>

#include <algorithm>
#include <cmath>
#include <cstring>

// One body, compiled for AVX-512, AVX2 and the baseline; the loader picks by the processor.
#if defined(__x86_64__)
#define CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CLONES
#endif
#define BODY template <typename Element> static inline __attribute__((always_inline))

namespace ctorch {
namespace {

static inline __attribute__((always_inline)) float load(float value) { return value; }
static inline __attribute__((always_inline)) float load(c10::BFloat16 value) {
  const uint32_t bits = uint32_t(value.x) << 16;
  float result;
  std::memcpy(&result, &bits, 4);
  return result;
}

template <typename Element>
Element store(float value) = delete;
template <>
inline __attribute__((always_inline)) float store<float>(float value) {
  return value;
}
// Round to nearest, ties to even; NaN keeps being one.
template <>
inline __attribute__((always_inline)) c10::BFloat16 store<c10::BFloat16>(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  const uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  const uint32_t result = value != value ? 0x7fc0u : rounded;
  c10::BFloat16 half;
  half.x = uint16_t(result);
  return half;
}

// e^x to about 2 units in the last place of float32, without branches so that loops vectorise:
// x = n·ln 2 + r with |r| <= ln 2 / 2, e^r by its Taylor polynomial of degree 7, 2^n by the exponent bits.
static inline __attribute__((always_inline)) float exponential(float x) {
  x = x < -87.0f ? -87.0f : (x > 88.0f ? 88.0f : x);
  const float n = __builtin_rintf(x * 1.44269504088896341f);
  float r = __builtin_fmaf(n, -0.693359375f, x);  // ln 2 in two parts (Cody and Waite)
  r = __builtin_fmaf(n, 2.12194440e-4f, r);
  float p = 1.9841270e-4f;
  p = __builtin_fmaf(p, r, 1.3888889e-3f);
  p = __builtin_fmaf(p, r, 8.3333333e-3f);
  p = __builtin_fmaf(p, r, 4.1666667e-2f);
  p = __builtin_fmaf(p, r, 1.6666667e-1f);
  p = __builtin_fmaf(p, r, 0.5f);
  p = __builtin_fmaf(p, r, 1.0f);
  p = __builtin_fmaf(p, r, 1.0f);
  const uint32_t bits = uint32_t(int32_t(n) + 127) << 23;
  float power;
  std::memcpy(&power, &bits, 4);
  return p * power;
}

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

using Half = c10::BFloat16;

CLONES float sumOfSquaresFloat(const float *x, int64_t n) { return sumOfSquaresBody(x, n); }
CLONES float sumOfSquaresHalf(const Half *x, int64_t n) { return sumOfSquaresBody(x, n); }
CLONES void scaleByWeightFloat(const float *x, const float *w, float s, float *o, int64_t n) {
  scaleByWeightBody(x, w, s, o, n);
}
CLONES void scaleByWeightHalf(const Half *x, const Half *w, float s, Half *o, int64_t n) {
  scaleByWeightBody(x, w, s, o, n);
}
CLONES void siluMultiplyFloat(const float *g, const float *u, float *o, int64_t n) { siluMultiplyBody(g, u, o, n); }
CLONES void siluMultiplyHalf(const Half *g, const Half *u, Half *o, int64_t n) { siluMultiplyBody(g, u, o, n); }
CLONES void rotateHalfFloat(const float *x, const float *c, const float *s, float *o, int64_t n) {
  rotateHalfBody(x, c, s, o, n);
}
CLONES void rotateHalfHalf(const Half *x, const float *c, const float *s, Half *o, int64_t n) {
  rotateHalfBody(x, c, s, o, n);
}
CLONES void maskedSoftmaxFloat(float *row, int64_t valid, int64_t n, float scale) {
  maskedSoftmaxBody(row, valid, n, scale);
}
CLONES void maskedSoftmaxHalf(Half *row, int64_t valid, int64_t n, float scale) {
  maskedSoftmaxBody(row, valid, n, scale);
}

}  // namespace

template <>
float sumOfSquares(const float *x, int64_t n) {
  return sumOfSquaresFloat(x, n);
}
template <>
float sumOfSquares(const Half *x, int64_t n) {
  return sumOfSquaresHalf(x, n);
}
template <>
void scaleByWeight(const float *x, const float *w, float s, float *o, int64_t n) {
  scaleByWeightFloat(x, w, s, o, n);
}
template <>
void scaleByWeight(const Half *x, const Half *w, float s, Half *o, int64_t n) {
  scaleByWeightHalf(x, w, s, o, n);
}
template <>
void siluMultiply(const float *g, const float *u, float *o, int64_t n) {
  siluMultiplyFloat(g, u, o, n);
}
template <>
void siluMultiply(const Half *g, const Half *u, Half *o, int64_t n) {
  siluMultiplyHalf(g, u, o, n);
}
template <>
void rotateHalf(const float *x, const float *c, const float *s, float *o, int64_t n) {
  rotateHalfFloat(x, c, s, o, n);
}
template <>
void rotateHalf(const Half *x, const float *c, const float *s, Half *o, int64_t n) {
  rotateHalfHalf(x, c, s, o, n);
}
template <>
void maskedSoftmax(float *row, int64_t valid, int64_t n, float scale) {
  maskedSoftmaxFloat(row, valid, n, scale);
}
template <>
void maskedSoftmax(Half *row, int64_t valid, int64_t n, float scale) {
  maskedSoftmaxHalf(row, valid, n, scale);
}

}  // namespace ctorch
