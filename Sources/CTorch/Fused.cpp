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

at::Tensor rotated(const at::Tensor &heads, const at::Tensor &cosine, const at::Tensor &sine) {
  // heads [T, N, D]; cosine, sine [T, D/2]
  const int64_t half = cosine.size(-1);
  const at::Tensor first = heads.slice(-1, 0, half).to(at::kFloat), second = heads.slice(-1, half).to(at::kFloat);
  const at::Tensor c = cosine.unsqueeze(1), s = sine.unsqueeze(1);
  return at::cat({first * c - second * s, second * c + first * s}, -1).to(heads.scalar_type());
}

at::Tensor rotateAndCache(
    const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, const at::Tensor &cosine, const at::Tensor &sine,
    int64_t start, at::Tensor &keys, at::Tensor &values) {
  expect(q.dim() == 2 && k.dim() == 2 && v.dim() == 2, "queries, keys and values must be [T, heads * D]");
  expect(keys.dim() == 3 && keys.sizes() == values.sizes(), "the caches must be [heads, capacity, D], both alike");
  const int64_t count = q.size(0), groups = keys.size(0), dimension = keys.size(2), half = dimension / 2;
  expect(dimension > 0 && dimension % 2 == 0, "the head dimension must be even");
  const int64_t heads = q.size(1) / dimension;
  expect(
      q.size(1) == heads * dimension && k.size(1) == groups * dimension && v.size(1) == groups * dimension &&
          k.size(0) == count && v.size(0) == count,
      "queries, keys and values do not fit the cache");
  expect(start >= 0 && start + count <= keys.size(1), "the cache is full");
  expect(
      cosine.dim() == 2 && cosine.sizes() == sine.sizes() && cosine.size(1) == half &&
          cosine.size(0) >= start + count && cosine.scalar_type() == at::kFloat,
      "the rotary tables must be float32 [positions, D/2] and reach the last position");
  expect(
      q.scalar_type() == keys.scalar_type() && k.scalar_type() == keys.scalar_type() &&
          v.scalar_type() == values.scalar_type(),
      "queries, keys, values and cache differ in dtype");
  const bool inner = q.stride(1) == 1 && k.stride(1) == 1 && v.stride(1) == 1 && keys.is_contiguous() &&
                     values.is_contiguous() && cosine.is_contiguous() && sine.is_contiguous();
  if (!hasRowKernels(q) || !inner) {
    const at::Tensor c = cosine.slice(0, start, start + count), s = sine.slice(0, start, start + count);
    const at::Tensor newKeys = rotated(k.reshape({count, groups, dimension}), c, s);
    keys.slice(1, start, start + count).copy_(newKeys.transpose(0, 1));
    values.slice(1, start, start + count).copy_(v.reshape({count, groups, dimension}).transpose(0, 1));
    return rotated(q.reshape({count, heads, dimension}), c, s).transpose(0, 1).contiguous();
  }
  at::Tensor out = at::empty({heads, count, dimension}, q.options());
  withElement(q, [&](auto element) {
    using Element = decltype(element);
    const Element *qs = constData<Element>(q), *ks = constData<Element>(k),
                  *vs = constData<Element>(v);
    const float *cs = constData<float>(cosine), *ss = constData<float>(sine);
    Element *target = data<Element>(out), *keyTarget = data<Element>(keys),
            *valueTarget = data<Element>(values);
    const int64_t capacity = keys.size(1), qStride = q.stride(0), kStride = k.stride(0), vStride = v.stride(0);
    const auto &kernels = rowKernels<Element>();
    parallelFor(0, count, grain((heads + 2 * groups) * dimension), [&](int64_t begin, int64_t end) {
      for (int64_t t = begin; t < end; ++t) {
        const float *c = cs + (start + t) * half, *s = ss + (start + t) * half;
        for (int64_t h = 0; h < heads; ++h) {
          kernels.rotateHalf(qs + t * qStride + h * dimension, c, s, target + (h * count + t) * dimension, half);
        }
        for (int64_t h = 0; h < groups; ++h) {
          const int64_t place = (h * capacity + start + t) * dimension;
          kernels.rotateHalf(ks + t * kStride + h * dimension, c, s, keyTarget + place, half);
          std::copy_n(vs + t * vStride + h * dimension, dimension, valueTarget + place);
        }
      }
    });
  });
  return out;
}

// Causal attention in blocks of queries. Plain products reach the processor's matrix speed where ATen's fused kernel,
// which works in small tiles, gets a sixth of it; the scores of a block stay in the cache.
at::Tensor blockedAttention(
    const at::Tensor &query, const at::Tensor &keys, const at::Tensor &values, int64_t start, double scale) {
  const int64_t heads = query.size(0), count = query.size(1), dimension = query.size(2);
  const int64_t groups = keys.size(0), perGroup = heads / groups;
  at::Tensor out = at::empty({count, groups, perGroup, dimension}, query.options());
  const at::Tensor grouped = query.view({groups, perGroup, count, dimension});
  const int64_t scoreBytes = 8 << 20;
  int64_t first = 0;
  while (first < count) {
    const int64_t room = scoreBytes / (heads * (start + first + 128) * int64_t(query.element_size()));
    const int64_t rows = std::min(count - first, std::clamp<int64_t>(room, 64, 128));
    const int64_t visible = start + first + rows;
    const at::Tensor block = grouped.slice(2, first, first + rows).reshape({groups, perGroup * rows, dimension});
    // [groups, perGroup * rows, visible]
    at::Tensor scores = at::bmm(block, keys.slice(1, 0, visible).transpose(1, 2));
    withElement(scores, [&](auto element) {
      using Element = decltype(element);
      Element *rowsOfScores = data<Element>(scores);
      const auto &kernels = rowKernels<Element>();
      parallelFor(0, groups * perGroup * rows, grain(visible), [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row) {
          kernels.maskedSoftmax(
              rowsOfScores + row * visible, start + first + row % rows + 1, visible, float(scale));
        }
      });
    });
    const at::Tensor mixed = at::bmm(scores, values.slice(1, 0, visible));
    out.slice(0, first, first + rows)
        .copy_(mixed.view({groups, perGroup, rows, dimension}).permute({2, 0, 1, 3}));
    first += rows;
  }
  return out.view({count, heads * dimension});
}

// One new token: a row of scores per head. ATen's fused kernel spends several times as long on its own set-up.
at::Tensor attentionOfOneToken(
    const at::Tensor &query, const at::Tensor &keyCache, const at::Tensor &valueCache, int64_t length, double scale) {
  const int64_t heads = query.size(0), dimension = query.size(2), groups = keyCache.size(0);
  const int64_t headStride = keyCache.size(1) * dimension, perGroup = heads / groups;
  at::Tensor out = at::empty({1, heads * dimension}, query.options());
  const at::Tensor scratch = at::empty({heads, length + dimension}, query.options().dtype(at::kFloat));
  withElement(query, [&](auto element) {
    using Element = decltype(element);
    const Element *queries = constData<Element>(query), *keys = constData<Element>(keyCache),
                  *values = constData<Element>(valueCache);
    Element *target = data<Element>(out);
    float *rows = static_cast<float *>(scratch.mutable_data_ptr());
    const auto &kernels = rowKernels<Element>();
    parallelFor(0, heads, grain(2 * length * dimension), [&](int64_t begin, int64_t end) {
      for (int64_t head = begin; head < end; ++head) {
        const int64_t place = head / perGroup * headStride;
        float *scores = rows + head * (length + dimension);
        kernels.attendRow(
            queries + head * dimension, keys + place, values + place, length, dimension, float(scale), scores,
            scores + length, target + head * dimension);
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
  // A single row of queries needs no product that could be slow.
  if (count == 1 && hasRowKernels(query) && query.is_contiguous() && keyCache.is_contiguous() &&
      valueCache.is_contiguous()) {
    return attentionOfOneToken(query, keyCache, valueCache, length, scale);
  }
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
  if (hasRowKernels(query)) return blockedAttention(query.contiguous(), keys, values, length - count, scale);
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

namespace {

// Many rows of bfloat16 on a processor that multiplies only float32: the weight is widened a block at a time, which
// stays in the cache and is soon paid for by the rows. Sums are float32, rounded once.
at::Tensor widenedLinear(const at::Tensor &input, const at::Tensor &weight, const at::Tensor *residual) {
  const int64_t rows = input.size(0), inner = input.size(1), outputs = weight.size(0);
  const int64_t block = std::clamp<int64_t>((8 << 20) / (4 * std::max<int64_t>(1, inner)), 64, 4096);
  const at::Tensor x = input.to(at::kFloat);
  at::Tensor out = at::empty({rows, outputs}, input.options());
  for (int64_t first = 0; first < outputs; first += block) {
    const int64_t last = std::min(first + block, outputs);
    at::Tensor sums = at::mm(x, weight.slice(0, first, last).to(at::kFloat).t());
    if (residual) sums.add_(residual->slice(1, first, last));
    out.slice(1, first, last).copy_(sums);
  }
  return out;
}

// Most rows that a streamed product of this input is faster for than any other.
int64_t maximumStreamedRows(const at::Tensor &input) {
  if (input.scalar_type() == at::kFloat) return streamedProduct<float>().maximumRows;
  const int64_t most = streamedProduct<c10::BFloat16>().maximumRows;
  // Many rows stand against products of weights that are first widened; where they are not, the library's are better.
  return isWidened(input) ? most : std::min<int64_t>(most, 8);
}

// Few rows: the time is that of reading the weights once, which oneDNN's and MKL's products do at 40 to 85 % of the
// memory's speed here and this one at all of it. Many rows: the library's product. Between the two, 9 to 64 rows of
// bfloat16 on a processor without products of them, widening the weights would cost several times what it saves.
at::Tensor streamedLinear(const at::Tensor &input, const at::Tensor &weight, const at::Tensor *residual) {
  expect(
      input.dim() == 2 && weight.dim() == 2 && input.size(1) == weight.size(1),
      "expected an input [rows, in] and a weight [out, in]");
  const int64_t rows = input.size(0), inner = input.size(1), outputs = weight.size(0);
  expect(
      !residual || (residual->dim() == 2 && residual->size(0) == rows && residual->size(1) == outputs),
      "the residual is not [rows, out]");
  const bool alike = input.scalar_type() == weight.scalar_type() &&
                     (!residual || residual->scalar_type() == weight.scalar_type());
  const bool isStreamed =
      alike && hasRowKernels(input) && weight.is_contiguous() && rows > 0 && rows <= maximumStreamedRows(input);
  if (!isStreamed && alike && isWidened(input)) return widenedLinear(input, weight, residual);
  if (!isStreamed) {
    const at::Tensor product = at::linear(input, weight);
    return residual ? product + *residual : product;
  }
  const at::Tensor x = input.contiguous();
  const at::Tensor extra = residual ? residual->contiguous() : at::Tensor();
  at::Tensor out = at::empty({rows, outputs}, input.options());
  withElement(x, [&](auto element) {
    using Element = decltype(element);
    const Element *source = constData<Element>(x), *weights = constData<Element>(weight);
    const Element *added = residual ? constData<Element>(extra) : nullptr;
    Element *target = data<Element>(out);
    const auto &product = streamedProduct<Element>();
    parallelFor(0, outputs, grain(inner), [&](int64_t begin, int64_t end) {
      product.multiply(source, rows, inner, weights, begin, end, outputs, added, target);
    });
  });
  return out;
}

}  // namespace

ct_status ct_rms_norm(const ct_tensor *x, const ct_tensor *weight, double epsilon, ct_tensor **out) {
  return guarded("rms norm", {x, weight}, [&] { give(out, rmsNorm(x->value, weight->value, epsilon)); });
}

ct_status ct_silu_multiply(const ct_tensor *gate, const ct_tensor *up, ct_tensor **out) {
  return guarded("silu multiply", {gate, up}, [&] {
    expect(gate->value.dim() >= 2, "expected two dimensions or more");
    give(out, siluMultiplied(gate->value, up->value));
  });
}

ct_status ct_rotate_and_cache(
    const ct_tensor *q, const ct_tensor *k, const ct_tensor *v, const ct_tensor *cosine, const ct_tensor *sine,
    int64_t start, ct_tensor *key_cache, ct_tensor *value_cache, ct_tensor **out) {
  return guarded("rotate and cache", {q, k, v, cosine, sine, key_cache, value_cache}, [&] {
    give(out, rotateAndCache(
                  q->value, k->value, v->value, cosine->value, sine->value, start, key_cache->value,
                  value_cache->value));
  });
}

ct_status ct_cached_attention(
    const ct_tensor *query, const ct_tensor *key_cache, const ct_tensor *value_cache, int64_t length, double scale,
    ct_tensor **out) {
  return guarded("cached attention", {query, key_cache, value_cache}, [&] {
    give(out, cachedAttention(query->value, key_cache->value, value_cache->value, length, scale));
  });
}

ct_status ct_streamed_linear(
    const ct_tensor *input, const ct_tensor *weight, const ct_tensor *residual, ct_tensor **out) {
  return guarded("linear", {input, weight, residual}, [&] {
    give(out, streamedLinear(input->value, weight->value, residual ? &residual->value : nullptr));
  });
}
