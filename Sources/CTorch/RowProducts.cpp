// Products of rows with weights, each row by itself.
#include <ATen/core/grad_mode.h>

#include "Elements.hpp"
#include "QuantizedWeights.hpp"

using namespace ctorch;

ct_status ct_multiply_rows(
    const ct_tensor *x, const ct_weight *weights, int32_t count, const ct_tensor *residual, ct_tensor **out) {
  return guarded("linear", {x, count > 0 ? weights[0].values : nullptr, residual}, [&] {
    at::NoGradGuard guard;
    expect(count > 0, "there are no weights");
    if (areQuantized(weights, count)) return give(out, multiplyQuantized(x->value, weights, count, residual));
    std::vector<at::Tensor> parts;
    for (int32_t i = 0; i < count; ++i) {
      parts.push_back(at::linear(x->value, weights[i].values->value));
    }
    const at::Tensor joined = count == 1 ? parts[0] : at::cat(parts, 1);
    give(out, residual ? joined + residual->value : joined);
  });
}
