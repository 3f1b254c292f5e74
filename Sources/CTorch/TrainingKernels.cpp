#include "TrainingKernels.hpp"

#include <algorithm>
#include <cmath>

#include "RowMath.hpp"

namespace ctorch {
namespace {

BODY void rmsNormBackwardBody(
    const Element *x, const Element *weight, const Element *gradient, float epsilon, Element *accumulate,
    int64_t count) {
#pragma clang fp reassociate(on) contract(fast)
  float squares = 0, product = 0;
  for (int64_t i = 0; i < count; ++i) {
    const float value = load(x[i]);
    squares += value * value;
    product += value * load(weight[i]) * load(gradient[i]);
  }
  const float scale = 1.0f / std::sqrt(squares / float(count) + epsilon);
  const float slope = scale * scale * scale * product / float(count);
  for (int64_t i = 0; i < count; ++i) {
    accumulate[i] = store<Element>(
        load(accumulate[i]) + scale * load(weight[i]) * load(gradient[i]) - slope * load(x[i]));
  }
}

BODY void siluMultiplyBackwardBody(
    Element *__restrict gate, Element *__restrict up, const Element *__restrict gradient, int64_t count) {
#pragma clang fp contract(fast)
  for (int64_t i = 0; i < count; ++i) {
    const float g = load(gate[i]), u = load(up[i]), d = load(gradient[i]);
    const float sigmoid = 1.0f / (1.0f + exponential(-g));
    gate[i] = store<Element>(d * u * sigmoid * (1.0f + g * (1.0f - sigmoid)));
    up[i] = store<Element>(d * g * sigmoid);
  }
}

BODY void rotateHalfInPlaceBody(
    Element *__restrict low, Element *__restrict high, const float *__restrict cosine, const float *__restrict sine,
    float direction, int64_t half) {
  for (int64_t i = 0; i < half; ++i) {
    const float first = load(low[i]), second = load(high[i]), s = direction * sine[i];
    low[i] = store<Element>(first * cosine[i] - second * s);
    high[i] = store<Element>(second * cosine[i] + first * s);
  }
}

// The largest of a row, by partial maxima so that the loop vectorises without assuming away NaN.
static inline __attribute__((always_inline)) float largest(const float *row, int64_t count) {
  constexpr int64_t lanes = 64;
  float partial[lanes];
  for (int64_t j = 0; j < lanes; ++j) partial[j] = -INFINITY;
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    for (int64_t j = 0; j < lanes; ++j) partial[j] = row[i + j] > partial[j] ? row[i + j] : partial[j];
  }
  for (; i < count; ++i) partial[0] = std::max(partial[0], row[i]);
  float maximum = -INFINITY;
  for (int64_t j = 0; j < lanes; ++j) maximum = std::max(maximum, partial[j]);
  return maximum;
}

CLONES float softmaxWithNormalizerFloat(float *row, int64_t valid, int64_t count, float scale) {
#pragma clang fp reassociate(on) contract(fast)
  const float maximum = largest(row, valid);
  float sum = 0;
  for (int64_t j = 0; j < valid; ++j) {
    const float value = exponential((row[j] - maximum) * scale);
    row[j] = value;
    sum += value;
  }
  const float inverse = 1.0f / sum;
  for (int64_t j = 0; j < valid; ++j) row[j] *= inverse;
  for (int64_t j = valid; j < count; ++j) row[j] = 0;
  return maximum * scale + std::log(sum);
}

CLONES void attentionBackwardRowFloat(
    float *__restrict scores, float *__restrict gradient, int64_t valid, int64_t count, float scale, float normalizer,
    float delta) {
#pragma clang fp contract(fast)
  for (int64_t j = 0; j < valid; ++j) {
    const float p = exponential(scores[j] * scale - normalizer);
    scores[j] = p;
    gradient[j] = p * (gradient[j] - delta) * scale;
  }
  for (int64_t j = valid; j < count; ++j) scores[j] = gradient[j] = 0;
}

CLONES float crossEntropyRowFloat(float *logits, int64_t count, int64_t target, float scale) {
#pragma clang fp reassociate(on) contract(fast)
  const float maximum = largest(logits, count), chosen = logits[target];
  float sum = 0;
  for (int64_t j = 0; j < count; ++j) {
    const float value = exponential(logits[j] - maximum);
    logits[j] = value;
    sum += value;
  }
  const float factor = scale / sum;
  for (int64_t j = 0; j < count; ++j) logits[j] *= factor;
  logits[target] -= scale;
  return maximum + std::log(sum) - chosen;
}

// A bijection of 32-bit numbers that mixes well (Ellis, "lowbias32"), with the seed's halves between its rounds.
static inline __attribute__((always_inline)) uint32_t mixed(uint32_t index, uint32_t low, uint32_t high) {
  uint32_t x = index + low;
  x ^= x >> 16;
  x *= 0x7feb352du;
  x ^= (x >> 15) + high;
  x *= 0x846ca68bu;
  x ^= x >> 16;
  return x;
}

BODY void countedDropoutBody(
    const Element *x, Element *out, int64_t first, int64_t count, uint64_t seed, uint32_t threshold, float scale,
    bool adding) {
  const uint32_t low = uint32_t(seed), high = uint32_t(seed >> 32);
  if (adding) {
    for (int64_t i = 0; i < count; ++i) {
      const float factor = mixed(uint32_t(first + i), low, high) >= threshold ? scale : 0.0f;
      out[i] = store<Element>(load(out[i]) + load(x[i]) * factor);
    }
  } else {
    for (int64_t i = 0; i < count; ++i) {
      const float factor = mixed(uint32_t(first + i), low, high) >= threshold ? scale : 0.0f;
      out[i] = store<Element>(load(x[i]) * factor);
    }
  }
}

using Half = c10::BFloat16;

CLONES void rmsNormBackwardFloat(
    const float *x, const float *w, const float *g, float e, float *a, int64_t n) {
  rmsNormBackwardBody(x, w, g, e, a, n);
}
CLONES void rmsNormBackwardHalf(const Half *x, const Half *w, const Half *g, float e, Half *a, int64_t n) {
  rmsNormBackwardBody(x, w, g, e, a, n);
}
CLONES void siluMultiplyBackwardFloat(float *g, float *u, const float *d, int64_t n) {
  siluMultiplyBackwardBody(g, u, d, n);
}
CLONES void siluMultiplyBackwardHalf(Half *g, Half *u, const Half *d, int64_t n) {
  siluMultiplyBackwardBody(g, u, d, n);
}
CLONES void rotateHalfInPlaceFloat(float *x, const float *c, const float *s, float d, int64_t n) {
  rotateHalfInPlaceBody(x, x + n, c, s, d, n);
}
CLONES void rotateHalfInPlaceHalf(Half *x, const float *c, const float *s, float d, int64_t n) {
  rotateHalfInPlaceBody(x, x + n, c, s, d, n);
}
CLONES void countedDropoutFloat(
    const float *x, float *o, int64_t f, int64_t n, uint64_t seed, uint32_t t, float s, bool adding) {
  countedDropoutBody(x, o, f, n, seed, t, s, adding);
}
CLONES void countedDropoutHalf(
    const Half *x, Half *o, int64_t f, int64_t n, uint64_t seed, uint32_t t, float s, bool adding) {
  countedDropoutBody(x, o, f, n, seed, t, s, adding);
}

}  // namespace

template <>
void rmsNormBackward(const float *x, const float *w, const float *g, float e, float *a, int64_t n) {
  rmsNormBackwardFloat(x, w, g, e, a, n);
}
template <>
void rmsNormBackward(const Half *x, const Half *w, const Half *g, float e, Half *a, int64_t n) {
  rmsNormBackwardHalf(x, w, g, e, a, n);
}
template <>
void siluMultiplyBackward(float *g, float *u, const float *d, int64_t n) {
  siluMultiplyBackwardFloat(g, u, d, n);
}
template <>
void siluMultiplyBackward(Half *g, Half *u, const Half *d, int64_t n) {
  siluMultiplyBackwardHalf(g, u, d, n);
}
template <>
void rotateHalfInPlace(float *x, const float *c, const float *s, float d, int64_t n) {
  rotateHalfInPlaceFloat(x, c, s, d, n);
}
template <>
void rotateHalfInPlace(Half *x, const float *c, const float *s, float d, int64_t n) {
  rotateHalfInPlaceHalf(x, c, s, d, n);
}
template <>
void countedDropout(const float *x, float *o, int64_t f, int64_t n, uint64_t seed, uint32_t t, float s, bool adding) {
  countedDropoutFloat(x, o, f, n, seed, t, s, adding);
}
template <>
void countedDropout(const Half *x, Half *o, int64_t f, int64_t n, uint64_t seed, uint32_t t, float s, bool adding) {
  countedDropoutHalf(x, o, f, n, seed, t, s, adding);
}
float softmaxWithNormalizer(float *row, int64_t valid, int64_t count, float scale) {
  return softmaxWithNormalizerFloat(row, valid, count, scale);
}
void attentionBackwardRow(
    float *scores, float *gradient, int64_t valid, int64_t count, float scale, float normalizer, float delta) {
  attentionBackwardRowFloat(scores, gradient, valid, count, scale, normalizer, delta);
}
float crossEntropyRow(float *logits, int64_t count, int64_t target, float scale) {
  return crossEntropyRowFloat(logits, count, target, scale);
}

}  // namespace ctorch
