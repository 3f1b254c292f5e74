// Fused operators of the inference path. On the CPU they save whole passes over memory and most of the per-operator
// cost of one-token steps; on other devices the same results come from ATen's operators. None of them records
// gradients.
#include <algorithm>

#include "CachedAttention.hpp"
#include "Elements.hpp"
#include "Parallel.hpp"
#include "RowKernels.hpp"
#include "Support.hpp"

using namespace ctorch;

namespace {

at::Tensor rmsNorm(const at::Tensor &input, const at::Tensor &weight, double epsilon) {
  const int64_t width = weight.numel();
  expect(input.dim() >= 1 && input.size(-1) == width, "the last dimension and the weight differ in size");
  expect(input.scalar_type() == weight.scalar_type(), "input and weight differ in dtype");
  if (!hasRowKernels(input)) {
    // One kernel on a GPU, where the formula's operators are eight. Rounded once, at the end.
    return std::get<0>(at::_fused_rms_norm(input, {width}, weight, epsilon));
  }
  const at::Tensor x = input.contiguous(), w = weight.contiguous();
  at::Tensor out = at::empty_like(x);
  withElement(x, [&](auto element) {
    using Element = decltype(element);
    const Element *source = constData<Element>(x), *scales = constData<Element>(w);
    Element *target = data<Element>(out);
    const auto &kernels = rowKernels<Element>();
    parallelFor(0, width ? x.numel() / width : 0, grain(width), [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        const Element *line = source + row * width;
        const float mean = kernels.sumOfSquares(line, width) / float(width);
        kernels.scaleByWeight(line, scales, 1.0f / std::sqrt(mean + float(epsilon)), target + row * width, width);
      }
    });
  });
  return out;
}

at::Tensor siluMultiplied(const at::Tensor &gate, const at::Tensor &up) {
  expect(gate.sizes() == up.sizes(), "gate and up differ in shape");
  expect(gate.scalar_type() == up.scalar_type(), "gate and up differ in dtype");
  if (!hasRowKernels(gate)) return at::silu(gate) * up;
  const int64_t width = gate.size(-1);
  // Rows may be strided: the halves of a wider tensor come without a copy.
  const at::Tensor g = gate.stride(-1) == 1 ? gate.flatten(0, -2) : gate.contiguous().flatten(0, -2);
  const at::Tensor u = up.stride(-1) == 1 ? up.flatten(0, -2) : up.contiguous().flatten(0, -2);
  at::Tensor out = at::empty(gate.sizes(), gate.options());
  withElement(g, [&](auto element) {
    using Element = decltype(element);
    const Element *gates = constData<Element>(g), *ups = constData<Element>(u);
    Element *target = data<Element>(out);
    const int64_t gateStride = g.stride(0), upStride = u.stride(0);
    const auto &kernels = rowKernels<Element>();
    parallelFor(0, g.size(0), grain(width), [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        kernels.siluMultiply(gates + row * gateStride, ups + row * upStride, target + row * width, width);
      }
    });
  });
  return out;
}

}  // namespace

at::Tensor ctorch::cachedAttention(
    const at::Tensor &query, const at::Tensor &keyCache, const at::Tensor &valueCache, int64_t length, double scale) {
  expect(query.dim() == 3 && keyCache.dim() == 3 && keyCache.sizes() == valueCache.sizes(),
         "expected queries [H, T, D] and caches [Hkv, capacity, D]");
  const int64_t heads = query.size(0), count = query.size(1), dimension = query.size(2), groups = keyCache.size(0);
  expect(
      groups > 0 && heads % groups == 0 && dimension == keyCache.size(2),
      "the heads of queries and cache do not fit together");
  expect(count > 0 && length >= count && length <= keyCache.size(1), "the length lies outside the cache");
  const at::Tensor keys = keyCache.slice(1, 0, length), values = valueCache.slice(1, 0, length);
  if (isWidened(query)) {
    const auto wide = [](const at::Tensor &x) { return x.to(at::kFloat).contiguous(); };
    return cachedAttention(wide(query), wide(keys), wide(values), length, scale).to(query.scalar_type());
  }
  if (count == 1) {
    // The heads of a group see the same keys: they are the rows of one small query matrix.
    const at::Tensor folded = query.view({1, groups, heads / groups, dimension});
    return at::scaled_dot_product_attention(
               folded, keys.unsqueeze(0), values.unsqueeze(0), std::nullopt, 0.0, false, scale)
        .reshape({1, heads * dimension});
  }
  std::optional<at::Tensor> mask;
  if (length > count) {
    // The operator's own causal mask counts from the upper left corner, which is right only without a past.
    mask = at::ones({count, length}, query.options().dtype(at::kBool)).tril_(length - count);
  }
  const at::Tensor mixed = at::scaled_dot_product_attention(
      query.unsqueeze(0), keys.unsqueeze(0), values.unsqueeze(0), mask, 0.0, !mask.has_value(), scale,
      heads != groups);
  return mixed.squeeze(0).transpose(0, 1).reshape({count, heads * dimension});
}

ct_status ct_rms_norm(const ct_tensor *x, const ct_tensor *weight, double epsilon, ct_tensor **out) {
  return guarded("rms norm", {x, weight}, [&] { give(out, rmsNorm(x->value, weight->value, epsilon)); });
}

ct_status ct_silu_multiply(const ct_tensor *gate, const ct_tensor *up, ct_tensor **out) {
  return guarded("silu multiply", {gate, up}, [&] {
    expect(gate->value.dim() >= 2, "expected two dimensions or more");
    give(out, siluMultiplied(gate->value, up->value));
  });
}
