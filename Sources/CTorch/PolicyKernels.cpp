#include "PolicyKernels.hpp"

#include <cmath>

#include "RowMath.hpp"

namespace ctorch {
namespace {

// A logit over the temperature, from the row's largest; not minus infinity, which times a probability of 0 is not 0.
static inline __attribute__((always_inline)) float scaled(float logit, float maximum, float inverse) {
  const float z = (logit - maximum) * inverse;
  return z < -1e4f ? -1e4f : z;
}

// Not a number stays not a number.
template <typename Number>
static inline Number held(Number value, Number limit) {
  return value < -limit ? -limit : (value > limit ? limit : value);
}

// d loss / d log-probability of the chosen token, but for its entropy; fills in ratio and k3. What has no weight does
// not count, be it not a number.
static inline float slope(ct_policy_figures &figures, const PolicyToken &token, const ct_policy_options &options) {
  figures.ratio = 1;
  figures.divergence = 0;
  bool flows = true;  // through the ratio
  if (token.old) {
    const float difference = figures.log_probability - *token.old;
    flows = !(std::fabs(difference) > logRatioLimit);
    figures.ratio = std::exp(held<float>(difference, logRatioLimit));
  }
  float divergenceSlope = 0;
  if (token.reference) {
    const double difference = double(*token.reference) - double(figures.log_probability);
    const double d = held<double>(difference, logRatioLimit), rise = std::expm1(d), k3 = rise - d;
    figures.divergence = float(held<double>(k3, divergenceLimit));
    if (!(std::fabs(difference) > logRatioLimit || k3 > divergenceLimit)) divergenceSlope = float(-rise);
  }
  if (!token.weights) return 0;
  const ct_policy_weights &weights = *token.weights;
  const float ratio = figures.ratio;
  float sum = 0;
  if (flows && weights.gain != 0 && !(ratio > 1 + options.clip_high)) sum -= ratio * weights.gain;
  if (flows && weights.loss != 0 && !(ratio < 1 - options.clip_low || ratio > options.dual_clip)) {
    sum += ratio * weights.loss;
  }
  if (weights.divergence != 0) sum += weights.divergence * divergenceSlope;
  return sum;
}

BODY ct_policy_figures policyRowBody(
    Element *logits, int64_t count, PolicyToken token, ct_policy_options options, bool gradient) {
#pragma clang fp reassociate(on) contract(fast)
  const float inverse = 1.0f / options.temperature;
  const float maximum = largest(logits, count);
  float sum = 0, moment = 0;
  for (int64_t j = 0; j < count; ++j) {
    const float z = scaled(logits[j], maximum, inverse), p = exponential(z);
    sum += p;
    moment += p * z;
  }
  const float normalizer = std::log(sum);
  ct_policy_figures figures;
  figures.log_probability = scaled(logits[token.target], maximum, inverse) - normalizer;
  figures.entropy = normalizer - moment / sum;
  const float chosen = slope(figures, token, options) * inverse;
  if (!gradient || !token.weights) return figures;
  // (chosen (1[j = target] − p) + weight p (log p + H)) / T
  const float weight = token.weights->entropy * inverse;
  const float entropy = figures.entropy;
  for (int64_t j = 0; j < count; ++j) {
    const float logP = scaled(logits[j], maximum, inverse) - normalizer;
    logits[j] = exponential(logP) * (weight * (logP + entropy) - chosen);
  }
  logits[token.target] += chosen;
  return figures;
}

PolicyKernels policyKernelsAt(ct_kernels level) { return {.row = Compiled<policyRowBody<float>>::at(level)}; }

}  // namespace

const PolicyKernels &policyKernels() { return kernelsOfThisThread<policyKernelsAt>(); }

}  // namespace ctorch
