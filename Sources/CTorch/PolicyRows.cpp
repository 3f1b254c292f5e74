// The policy's loss over rows of logits: the row kernels on a CPU, ATen's operators elsewhere.
#include <ATen/core/grad_mode.h>

#include <cmath>

#include "Elements.hpp"
#include "Parallel.hpp"
#include "PolicyKernels.hpp"

using namespace ctorch;

namespace {

static_assert(sizeof(ct_policy_weights) == 4 * sizeof(float) && sizeof(ct_policy_figures) == 4 * sizeof(float));

// What a call is given; old, reference and weights may be undefined.
struct Operands {
  at::Tensor logits, targets, old, reference, weights;
  bool gradient;
};

void check(const Operands &x, const ct_policy_options &options) {
  expect(x.logits.dim() == 2 && x.logits.scalar_type() == at::kFloat, "expected float32 logits [rows, V]");
  const int64_t rows = x.logits.size(0);
  expect(
      x.targets.dim() == 1 && x.targets.scalar_type() == at::kLong && x.targets.size(0) == rows,
      "expected an int64 target for each row");
  for (const at::Tensor *column : {&x.old, &x.reference}) {
    expect(
        !column->defined() || (column->dim() == 1 && column->size(0) == rows && column->scalar_type() == at::kFloat),
        "expected a float32 log-probability for each row");
  }
  expect(
      !x.weights.defined() || (x.weights.dim() == 2 && x.weights.size(0) == rows && x.weights.size(1) == 4 &&
                               x.weights.scalar_type() == at::kFloat),
      "expected float32 weights [rows, 4]");
  for (const at::Tensor *operand : {&x.targets, &x.old, &x.reference, &x.weights}) {
    expect(!operand->defined() || operand->device() == x.logits.device(), "the operands are on different devices");
  }
  expect(options.temperature > 0 && std::isfinite(options.temperature), "expected a temperature above 0");
  expect(options.clip_low >= 0 && options.clip_high >= 0 && options.dual_clip >= 1, "expected bounds around 1");
}

// The same by ATen's operators, column by column; see PolicyKernels.cpp for the formulas.
at::Tensor byOperators(Operands &x, const ct_policy_options &options) {
  const at::Tensor logs = at::log_softmax(x.logits.mul(1 / double(options.temperature)), -1).clamp_min_(-1e4);
  const at::Tensor p = logs.exp(), places = x.targets.unsqueeze(1);
  const at::Tensor chosen = at::gather(logs, 1, places).squeeze(1);
  const at::Tensor entropy = (p * logs).sum(-1).neg_();
  at::Tensor ratio = at::ones_like(chosen), divergence = at::zeros_like(chosen);
  at::Tensor flows = at::ones_like(chosen).to(at::kBool), divergenceSlope = at::zeros_like(chosen);
  if (x.old.defined()) {
    const at::Tensor difference = chosen - x.old;
    ratio = difference.clamp(-logRatioLimit, logRatioLimit).exp_();
    flows = difference.abs().gt(logRatioLimit).logical_not();
  }
  if (x.reference.defined()) {
    const at::Tensor difference = x.reference.to(at::kDouble) - chosen.to(at::kDouble);
    const at::Tensor d = difference.clamp(-logRatioLimit, logRatioLimit), k3 = d.expm1() - d;
    const at::Tensor outside = difference.abs().gt(logRatioLimit).logical_or_(k3.gt(divergenceLimit));
    divergence = k3.clamp_max(divergenceLimit).to(at::kFloat);
    divergenceSlope = d.expm1().neg_().masked_fill_(outside, 0).to(at::kFloat);
  }
  if (x.gradient && x.weights.defined()) {
    // What has no weight, or where nothing flows back, does not count, be it not a number.
    const auto term = [&](int64_t column, const at::Tensor &value, const at::Tensor &stops) {
      const at::Tensor weight = x.weights.select(1, column);
      return (weight * value).masked_fill_(weight.eq(0).logical_or_(stops), 0);
    };
    const at::Tensor stops = flows.logical_not();
    const at::Tensor below = ratio.lt(1 - options.clip_low).logical_or_(ratio.gt(options.dual_clip));
    const at::Tensor sum = (term(1, ratio, stops.logical_or(below)) -
                            term(0, ratio, stops.logical_or(ratio.gt(1 + options.clip_high))) +
                            term(2, divergenceSlope, at::zeros_like(stops)))
                               .unsqueeze(1);
    const at::Tensor entropyWeight = x.weights.select(1, 3);
    at::Tensor gradient = (logs + entropy.unsqueeze(1)) * entropyWeight.unsqueeze(1);
    gradient.sub_(sum).mul_(p).scatter_add_(1, places, sum).mul_(1 / double(options.temperature));
    x.logits.copy_(gradient);
  }
  return at::stack({chosen, entropy, ratio, divergence}, 1);
}

at::Tensor policyRows(Operands &x, const ct_policy_options &options) {
  check(x, options);
  if (!hasRowKernels(x.logits)) return byOperators(x, options);
  expect(x.logits.is_contiguous(), "the logits must be contiguous");
  const int64_t rows = x.logits.size(0), width = x.logits.size(1);
  const auto dense = [](const at::Tensor &tensor) { return tensor.defined() ? tensor.contiguous() : tensor; };
  const at::Tensor targets = dense(x.targets), old = dense(x.old), reference = dense(x.reference);
  const at::Tensor weights = dense(x.weights);
  const int64_t *ids = constData<int64_t>(targets);
  for (int64_t row = 0; row < rows; ++row) {
    expect(ids[row] >= 0 && ids[row] < width, "a target is not in the vocabulary");
  }
  at::Tensor made = at::empty({rows, 4}, x.logits.options());
  const float *olds = old.defined() ? constData<float>(old) : nullptr;
  const float *references = reference.defined() ? constData<float>(reference) : nullptr;
  const auto *all = weights.defined() ? constData<ct_policy_weights>(weights) : nullptr;
  float *lines = data<float>(x.logits);
  auto *figures = data<ct_policy_figures>(made);
  const auto &kernels = policyKernels();
  parallelFor(0, rows, grain(width), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const PolicyToken token{
          ids[row], olds ? olds + row : nullptr, references ? references + row : nullptr, all ? all + row : nullptr};
      figures[row] = kernels.row(lines + row * width, width, token, options, x.gradient);
    }
  });
  return made;
}

}  // namespace

ct_status ct_policy_rows(
    ct_tensor *logits, const ct_tensor *targets, const ct_tensor *old, const ct_tensor *reference,
    const ct_tensor *weights, ct_policy_options options, bool gradient, ct_tensor **figures) {
  return guarded("policy rows", {logits, targets, old, reference, weights}, [&] {
    at::NoGradGuard guard;
    const auto value = [](const ct_tensor *tensor) { return tensor ? tensor->value : at::Tensor(); };
    Operands operands{logits->value, targets->value, value(old), value(reference), value(weights), gradient};
    give(figures, policyRows(operands, options));
  });
}
