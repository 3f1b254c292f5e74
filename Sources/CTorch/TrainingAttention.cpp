// Causal attention over packed rows, forward and backward.
#include <ATen/core/grad_mode.h>

#include <cmath>

#include "Elements.hpp"
#include "Parallel.hpp"
#include "Support.hpp"
#include "TrainingKernels.hpp"
#include "TrainingProducts.hpp"

using namespace ctorch;

namespace {

// The parts of packed rows [T, (heads + 2 · groups) · D] as attention sees them.
struct PackedHeads {
  int64_t heads, groups, dimension, perGroup;

  PackedHeads(const at::Tensor &packed, int64_t heads, int64_t groups) : heads(heads), groups(groups) {
    expect(heads > 0 && groups > 0 && heads % groups == 0, "the heads are not a multiple of the groups");
    expect(packed.dim() == 2 && packed.size(1) % (heads + 2 * groups) == 0, "expected [T, (heads + 2 * groups) * D]");
    dimension = packed.size(1) / (heads + 2 * groups);
    perGroup = heads / groups;
  }

  // [groups, perGroup, T, D], a view; of queries, or of anything with their layout
  at::Tensor queries(const at::Tensor &rows) const {
    return rows.slice(1, 0, heads * dimension).unflatten(1, {groups, perGroup, dimension}).permute({1, 2, 0, 3});
  }
  // [groups, T, D], views
  at::Tensor keys(const at::Tensor &rows) const { return group(rows, heads); }
  at::Tensor values(const at::Tensor &rows) const { return group(rows, heads + groups); }

  // Queries of one block: on a CPU the scores stay in the cache, on a GPU it has enough to do with each.
  int64_t blockRows(int64_t visible, bool isCPU) const {
    const int64_t scoreBytes = isCPU ? 8 << 20 : 512 << 20, most = isCPU ? 128 : 2048;
    return std::clamp<int64_t>(scoreBytes / (heads * (visible + most) * 4), most / 2, most);
  }

 private:
  at::Tensor group(const at::Tensor &rows, int64_t firstHead) const {
    return rows.slice(1, firstHead * dimension, (firstHead + groups) * dimension)
        .unflatten(1, {groups, dimension})
        .transpose(0, 1);
  }
};

// Segments of packed rows, and what each of them continues.
class Segments {
 public:
  struct Segment {
    int64_t start, count;
    // Rows that it sees before its own, all of them earlier.
    int64_t prefixStart = 0, prefixCount = 0;
  };

  // `prefixes` as in ct_causal_attention.
  Segments(const at::Tensor &packed, const int64_t *bounds, const int64_t *prefixes, int32_t count) {
    expect(count > 0 && bounds[0] == 0 && bounds[count] == packed.size(0), "the segments do not cover the rows");
    for (int32_t i = 0; i < count; ++i) {
      expect(bounds[i] < bounds[i + 1], "a segment is empty");
      Segment segment{bounds[i], bounds[i + 1] - bounds[i]};
      if (const int64_t prefix = prefixes ? prefixes[i] : -1; prefix >= 0) {
        expect(prefix < i, "a segment can only continue an earlier one");
        expect(segments[prefix].prefixCount == 0, "a segment that others continue cannot itself continue one");
        segment.prefixStart = segments[prefix].start;
        segment.prefixCount = segments[prefix].count;
      }
      segments.push_back(segment);
    }
  }

  auto begin() const { return segments.begin(); }
  auto end() const { return segments.end(); }

 private:
  std::vector<Segment> segments;
};

using Segment = Segments::Segment;

// What the products of attention run in.
at::Tensor forProducts(const at::Tensor &x) { return isFast(x) ? x : x.to(at::kFloat); }

// Keys, or values, that a segment sees: [groups, prefix + own, D].
at::Tensor joined(const at::Tensor &prefix, const at::Tensor &own) {
  return prefix.size(1) == 0 ? own : at::cat({prefix, own}, 1);
}

// Positions that lie after the query's own: [rows, visible], rows first ..< first + rows.
at::Tensor futureMask(int64_t first, int64_t rows, int64_t visible, at::Device device) {
  const auto options = at::TensorOptions().dtype(at::kLong).device(device);
  return at::arange(visible, options).unsqueeze(0) > at::arange(first, first + rows, options).unsqueeze(1);
}

// Causal attention within each segment and what it continues. out [T, heads · D]; normalizers [groups, perGroup, T]
// float32. In blocks of queries, as in the inference path: plain products run at the processor's matrix speed, and
// neither the scores of all pairs nor a mask stand in memory.
void causalAttention(
    const at::Tensor &packed, const PackedHeads &layout, const Segments &segments, double scale, at::Tensor &out,
    at::Tensor &normalizers) {
  const auto [heads, groups, dimension, perGroup] = layout;
  for (const Segment &segment : segments) {
    const int64_t start = segment.start, count = segment.count, prefix = segment.prefixCount;
    const at::Tensor own = forProducts(packed.slice(0, start, start + count));
    const at::Tensor before = forProducts(packed.slice(0, segment.prefixStart, segment.prefixStart + prefix));
    const at::Tensor queries = layout.queries(own), keys = joined(layout.keys(before), layout.keys(own)),
                     values = joined(layout.values(before), layout.values(own));
    for (int64_t first = 0; first < count;) {
      const int64_t size = std::min(count - first, layout.blockRows(prefix + first, packed.is_cpu()));
      const int64_t last = first + size, visible = prefix + last;
      const at::Tensor block = queries.slice(2, first, last).reshape({groups, perGroup * size, dimension});
      at::Tensor scores = at::bmm(block, keys.slice(1, 0, visible).transpose(1, 2));
      if (hasRowKernels(scores) && scores.scalar_type() == at::kFloat) {
        float *lines = data<float>(scores), *logs = data<float>(normalizers);
        const int64_t total = normalizers.size(2);
        const auto &kernels = scoreKernels();
        parallelFor(0, heads * size, grain(visible), [&](int64_t begin, int64_t end) {
          for (int64_t line = begin; line < end; ++line) {
            const int64_t head = line / size, row = first + line % size;
            logs[head * total + start + row] =
                kernels.softmaxWithNormalizer(lines + line * visible, prefix + row + 1, visible, float(scale));
          }
        });
      } else {
        at::Tensor wide = scores.to(at::kFloat).mul_(scale).view({groups, perGroup, size, visible});
        wide.masked_fill_(futureMask(prefix + first, size, visible, scores.device()), -INFINITY);
        const at::Tensor logs = at::logsumexp(wide, {-1}, true);
        normalizers.slice(2, start + first, start + last).copy_(logs.squeeze(-1));
        scores.copy_(wide.sub_(logs).exp_().view_as(scores));
      }
      const at::Tensor mixed = at::bmm(scores, values.slice(1, 0, visible));
      out.slice(0, start + first, start + last)
          .view({size, groups, perGroup, dimension})
          .copy_(mixed.view({groups, perGroup, size, dimension}).permute({2, 0, 1, 3}));
      first += size;
    }
  }
}

// With P the probabilities of a block, O its output and dO the gradient: dV += Pᵀ·dO, dP = dO·Vᵀ,
// dS = P ∘ (dP − rowsum(dO ∘ O)) · scale, dQ = dS·K, dK += dSᵀ·Q. P is made again from the normalizers.
void causalAttentionGradient(
    const at::Tensor &packed, const at::Tensor &out, const at::Tensor &normalizers, const at::Tensor &gradient,
    const PackedHeads &layout, const Segments &segments, double scale, at::Tensor &result) {
  const auto [heads, groups, dimension, perGroup] = layout;
  // Sums over the blocks and over the segments that see a row, in float32.
  const auto wide = packed.options().dtype(at::kFloat);
  at::Tensor keyGradients = at::zeros({groups, packed.size(0), dimension}, wide);
  at::Tensor valueGradients = at::zeros({groups, packed.size(0), dimension}, wide);
  for (const Segment &segment : segments) {
    const int64_t start = segment.start, count = segment.count, prefix = segment.prefixCount;
    const at::Tensor own = forProducts(packed.slice(0, start, start + count));
    const at::Tensor before = forProducts(packed.slice(0, segment.prefixStart, segment.prefixStart + prefix));
    const at::Tensor outRows = forProducts(out.slice(0, start, start + count));
    const at::Tensor outGradient = forProducts(gradient.slice(0, start, start + count));
    const at::Tensor queries = layout.queries(own), keys = joined(layout.keys(before), layout.keys(own)),
                     values = joined(layout.values(before), layout.values(own));
    const at::Tensor mixedGradient = layout.queries(outGradient);
    const at::Tensor deltas = at::sum(mixedGradient * layout.queries(outRows), {-1}, false, at::kFloat).contiguous();
    at::Tensor queryGradient = layout.queries(result.slice(0, start, start + count));
    for (int64_t first = 0; first < count;) {
      const int64_t size = std::min(count - first, layout.blockRows(prefix + first, packed.is_cpu()));
      const int64_t last = first + size, visible = prefix + last;
      const at::Tensor block = queries.slice(2, first, last).reshape({groups, perGroup * size, dimension});
      const at::Tensor blockGradient =
          mixedGradient.slice(2, first, last).reshape({groups, perGroup * size, dimension});
      const at::Tensor seenKeys = keys.slice(1, 0, visible), seenValues = values.slice(1, 0, visible);
      at::Tensor scores = at::bmm(block, seenKeys.transpose(1, 2));
      at::Tensor scoreGradient = at::bmm(blockGradient, seenValues.transpose(1, 2));
      if (hasRowKernels(scores) && scores.scalar_type() == at::kFloat) {
        float *lines = data<float>(scores), *gradients = data<float>(scoreGradient);
        const float *logs = constData<float>(normalizers), *sums = constData<float>(deltas);
        const int64_t total = normalizers.size(2);
        const auto &kernels = scoreKernels();
        parallelFor(0, heads * size, grain(visible), [&](int64_t begin, int64_t end) {
          for (int64_t line = begin; line < end; ++line) {
            const int64_t head = line / size, row = first + line % size;
            kernels.attentionBackwardRow(
                lines + line * visible, gradients + line * visible, prefix + row + 1, visible, float(scale),
                logs[head * total + start + row], sums[head * count + row]);
          }
        });
      } else {
        at::Tensor p = scores.to(at::kFloat).mul_(scale).view({groups, perGroup, size, visible});
        p.sub_(normalizers.slice(2, start + first, start + last).unsqueeze(-1)).exp_();
        p.masked_fill_(futureMask(prefix + first, size, visible, scores.device()), 0);
        at::Tensor d = scoreGradient.to(at::kFloat).view_as(p) - deltas.slice(2, first, last).unsqueeze(-1);
        d.mul_(p).mul_(scale);
        scores.copy_(p.view_as(scores));
        scoreGradient.copy_(d.view_as(scores));
      }
      queryGradient.slice(2, first, last)
          .copy_(at::bmm(scoreGradient, seenKeys).view({groups, perGroup, size, dimension}));
      // Columns `from` ..< `to` of the scores belong to the keys at row `row` and behind.
      const auto addKeys = [&](int64_t from, int64_t to, int64_t row) {
        for (int64_t g = 0; g < layout.groups; ++g) {
          at::Tensor k = keyGradients[g].slice(0, row, row + to - from);
          at::Tensor v = valueGradients[g].slice(0, row, row + to - from);
          multiplyInto(k, scoreGradient[g].slice(1, from, to).t(), block[g], 1, 1);
          multiplyInto(v, scores[g].slice(1, from, to).t(), blockGradient[g], 1, 1);
        }
      };
      if (prefix > 0) addKeys(0, prefix, segment.prefixStart);
      addKeys(prefix, visible, start);
      first += size;
    }
  }
  layout.keys(result).copy_(keyGradients);
  layout.values(result).copy_(valueGradients);
}

}  // namespace

ct_status ct_causal_attention(
    const ct_tensor *packed, int64_t heads, int64_t groups, const int64_t *bounds, const int64_t *prefixes,
    int32_t segments, double scale, ct_tensor **out, ct_tensor **normalizers) {
  return guarded("causal attention", {packed}, [&] {
    at::NoGradGuard guard;
    const at::Tensor &rows = packed->value;
    const PackedHeads layout(rows, heads, groups);
    const Segments parts(rows, bounds, prefixes, segments);
    at::Tensor mixed = at::empty({rows.size(0), heads * layout.dimension}, rows.options());
    at::Tensor logs = at::empty({groups, layout.perGroup, rows.size(0)}, rows.options().dtype(at::kFloat));
    causalAttention(rows, layout, parts, scale, mixed, logs);
    give(out, std::move(mixed));
    give(normalizers, std::move(logs));
  });
}

ct_status ct_causal_attention_backward(
    const ct_tensor *packed, const ct_tensor *out, const ct_tensor *normalizers, const ct_tensor *gradient,
    int64_t heads, int64_t groups, const int64_t *bounds, const int64_t *prefixes, int32_t segments, double scale,
    ct_tensor **result) {
  return guarded("causal attention backward", {packed, out, normalizers, gradient}, [&] {
    at::NoGradGuard guard;
    const at::Tensor &rows = packed->value;
    const PackedHeads layout(rows, heads, groups);
    const Segments parts(rows, bounds, prefixes, segments);
    expect(
        out->value.dim() == 2 && out->value.size(0) == rows.size(0) &&
            out->value.size(1) == heads * layout.dimension && out->value.sizes() == gradient->value.sizes(),
        "output and gradient must be [T, heads * D]");
    expect(
        normalizers->value.dim() == 3 && normalizers->value.numel() == heads * rows.size(0) &&
            normalizers->value.is_contiguous(),
        "expected the normalizers of the forward pass");
    at::Tensor made = at::empty_like(rows);
    causalAttentionGradient(
        rows, out->value, normalizers->value, gradient->value, layout, parts, scale, made);
    give(result, std::move(made));
  });
}
