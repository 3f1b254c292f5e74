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

BODY void turnHalves(
    Element *__restrict low, Element *__restrict high, const float *__restrict cosine, const float *__restrict sine,
    float direction, int64_t half) {
  for (int64_t i = 0; i < half; ++i) {
    const float first = load(low[i]), second = load(high[i]), s = direction * sine[i];
    low[i] = store<Element>(first * cosine[i] - second * s);
    high[i] = store<Element>(second * cosine[i] + first * s);
  }
}

BODY void rotateHalfInPlaceBody(
    Element *x, const float *cosine, const float *sine, float direction, int64_t half) {
  turnHalves(x, x + half, cosine, sine, direction, half);
}

BODY float softmaxWithNormalizerBody(Element *row, int64_t valid, int64_t count, float scale) {
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

BODY void attentionBackwardRowBody(
    Element *__restrict scores, Element *__restrict gradient, int64_t valid, int64_t count, float scale,
    float normalizer, float delta) {
#pragma clang fp contract(fast)
  for (int64_t j = 0; j < valid; ++j) {
    const float p = exponential(scores[j] * scale - normalizer);
    scores[j] = p;
    gradient[j] = p * (gradient[j] - delta) * scale;
  }
  for (int64_t j = valid; j < count; ++j) scores[j] = gradient[j] = 0;
}

BODY float crossEntropyRowBody(Element *logits, int64_t count, int64_t target, float scale) {
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

template <typename Element>
TrainingKernels<Element> kernelsAt(ct_kernels level) {
  return {
      .rmsNormBackward = Compiled<rmsNormBackwardBody<Element>>::at(level),
      .siluMultiplyBackward = Compiled<siluMultiplyBackwardBody<Element>>::at(level),
      .rotateHalfInPlace = Compiled<rotateHalfInPlaceBody<Element>>::at(level),
      .countedDropout = Compiled<countedDropoutBody<Element>>::at(level),
  };
}

ScoreKernels scoreKernelsAt(ct_kernels level) {
  return {
      .softmaxWithNormalizer = Compiled<softmaxWithNormalizerBody<float>>::at(level),
      .attentionBackwardRow = Compiled<attentionBackwardRowBody<float>>::at(level),
      .crossEntropyRow = Compiled<crossEntropyRowBody<float>>::at(level),
  };
}

}  // namespace

template <>
const TrainingKernels<float> &trainingKernels() {
  return kernelsOfThisThread<kernelsAt<float>>();
}
template <>
const TrainingKernels<c10::BFloat16> &trainingKernels() {
  return kernelsOfThisThread<kernelsAt<c10::BFloat16>>();
}
const ScoreKernels &scoreKernels() { return kernelsOfThisThread<scoreKernelsAt>(); }

}  // namespace ctorch
