// Operators of the training path, forward and backward written out. On the CPU the row kernels do the elementwise work and
// the library's products the rest; on other devices the same results come from ATen's operators.
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <cmath>

#include "Elements.hpp"
#include "Support.hpp"
#include "TrainingKernels.hpp"

using namespace ctorch;

namespace {

// Whether products of this dtype run at the device's speed as they are.
bool isFast(const at::Tensor &x) { return !isWidened(x) && !(x.is_cpu() && x.scalar_type() == at::kHalf); }

// out = beta · out + alpha · left · right, all of one dtype of products, or out wider or narrower.
void multiplyAlike(at::Tensor &out, const at::Tensor &left, const at::Tensor &right, double beta, double alpha) {
  const at::ScalarType dtype = left.scalar_type();
  if (out.scalar_type() == dtype) {
    out.addmm_(left, right, beta, alpha);
  } else if (beta == 0) {
    out.copy_(at::mm(left, right).mul_(alpha));
  } else if (out.element_size() < int64_t(c10::elementSize(dtype))) {
    // The sum is made in the wider dtype and rounded once.
    out.copy_(out.to(dtype).addmm_(left, right, beta, alpha));
  } else {
    if (beta != 1) out.mul_(beta);
    out.add_(at::mm(left, right), alpha);
  }
}

// out = beta · out + alpha · left · right, whatever the three dtypes: in float32 on processors without fast bfloat16
// products, else in the narrower of the operands' dtypes.
void multiplyInto(at::Tensor &out, const at::Tensor &left, const at::Tensor &right, double beta, double alpha) {
  expect(out.dim() == 2 && left.dim() == 2 && right.dim() == 2, "expected three matrices");
  expect(
      left.size(1) == right.size(0) && out.size(0) == left.size(0) && out.size(1) == right.size(1),
      "the shapes do not fit together");
  const at::ScalarType dtype = !isFast(left) || !isFast(right) ? at::kFloat
                               : left.element_size() < right.element_size() ? left.scalar_type()
                                                                            : right.scalar_type();
  const at::Tensor l = left.to(dtype);
  const int64_t part = 16 << 20;  // elements of a frozen weight that are converted together
  if (right.scalar_type() == dtype || right.numel() <= part || out.scalar_type() != dtype) {
    return multiplyAlike(out, l, right.to(dtype), beta, alpha);
  }
  // A large weight is converted in slices along its rows, so that no converted copy of the whole stands in memory.
  const bool transposed = right.stride(0) == 1;
  const int64_t rows = std::max<int64_t>(1, part / right.size(transposed ? 0 : 1));
  for (int64_t first = 0, count = right.size(transposed ? 1 : 0); first < count; first += rows) {
    const int64_t last = std::min(first + rows, count);
    if (transposed) {
      at::Tensor target = out.slice(1, first, last);
      multiplyAlike(target, l, right.slice(1, first, last).to(dtype), beta, alpha);
    } else {
      multiplyAlike(out, l.slice(1, first, last), right.slice(0, first, last).to(dtype), first ? 1 : beta, alpha);
    }
  }
}

void rmsNormGradient(
    const at::Tensor &x, const at::Tensor &weight, const at::Tensor &gradient, double epsilon, at::Tensor &accumulate) {
  const int64_t width = weight.numel();
  expect(
      x.dim() == 2 && x.size(1) == width && x.sizes() == gradient.sizes() && x.sizes() == accumulate.sizes(),
      "input, gradient and sum must be [rows, width of the weight]");
  expect(
      x.scalar_type() == weight.scalar_type() && x.scalar_type() == gradient.scalar_type() &&
          x.scalar_type() == accumulate.scalar_type(),
      "the dtypes differ");
  if (!hasRowKernels(x)) {
    const at::Tensor wide = x.to(at::kFloat);
    const at::Tensor g = gradient.to(at::kFloat) * weight.to(at::kFloat);
    const at::Tensor scale = at::rsqrt(at::mean(at::square(wide), {-1}, true) + epsilon);
    const at::Tensor slope = scale.pow(3) * at::mean(g * wide, {-1}, true);
    accumulate.add_((scale * g - slope * wide).to(x.scalar_type()));
    return;
  }
  expect(accumulate.is_contiguous(), "the sum must be contiguous");
  const at::Tensor source = x.contiguous(), w = weight.contiguous(), g = gradient.contiguous();
  withElement(x, [&](auto element) {
    using Element = decltype(element);
    const Element *xs = constData<Element>(source), *ws = constData<Element>(w), *gs = constData<Element>(g);
    Element *target = data<Element>(accumulate);
    at::parallel_for(0, x.size(0), grain(width), [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        const int64_t place = row * width;
        rmsNormBackward(xs + place, ws, gs + place, float(epsilon), target + place, width);
      }
    });
  });
}

void siluMultiplyGradient(at::Tensor &gate, at::Tensor &up, const at::Tensor &gradient) {
  expect(
      gate.dim() == 2 && gate.sizes() == up.sizes() && gate.sizes() == gradient.sizes(),
      "gate, up and gradient must be matrices of one shape");
  expect(
      gate.scalar_type() == up.scalar_type() && gate.scalar_type() == gradient.scalar_type(), "the dtypes differ");
  if (!hasRowKernels(gate) || gate.stride(1) != 1 || up.stride(1) != 1) {
    const at::Tensor g = gate.to(at::kFloat), d = gradient.to(at::kFloat), s = at::sigmoid(g);
    gate.copy_(d * up * s * (1 + g * (1 - s)));
    up.copy_(d * g * s);
    return;
  }
  const int64_t width = gate.size(1);
  const at::Tensor dense = gradient.contiguous();
  withElement(gate, [&](auto element) {
    using Element = decltype(element);
    Element *gates = data<Element>(gate), *ups = data<Element>(up);
    const Element *ds = constData<Element>(dense);
    at::parallel_for(0, gate.size(0), grain(width), [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        siluMultiplyBackward(gates + row * gate.stride(0), ups + row * up.stride(0), ds + row * width, width);
      }
    });
  });
}

void rotateInPlace(
    at::Tensor &x, int64_t heads, const at::Tensor &cosine, const at::Tensor &sine, bool inverse) {
  expect(
      cosine.dim() == 2 && cosine.sizes() == sine.sizes() && cosine.scalar_type() == at::kFloat &&
          sine.scalar_type() == at::kFloat,
      "the rotary tables must be float32 [T, D/2]");
  const int64_t half = cosine.size(1), width = heads * 2 * half;
  expect(
      x.dim() == 2 && heads > 0 && width <= x.size(1) && x.size(0) == cosine.size(0),
      "expected [T, heads * D] with a row of the rotary tables for each");
  if (!hasRowKernels(x) || x.stride(1) != 1 || !cosine.is_contiguous() || !sine.is_contiguous()) {
    at::Tensor view = x.slice(1, 0, width).unflatten(1, {heads, 2 * half});
    const at::Tensor first = view.slice(2, 0, half).to(at::kFloat, false, true),
                     second = view.slice(2, half).to(at::kFloat, false, true);
    const at::Tensor c = cosine.unsqueeze(1), s = (inverse ? sine.neg() : sine).unsqueeze(1);
    view.slice(2, 0, half).copy_(first * c - second * s);
    view.slice(2, half).copy_(second * c + first * s);
    return;
  }
  withElement(x, [&](auto element) {
    using Element = decltype(element);
    Element *rows = data<Element>(x);
    const float *cs = constData<float>(cosine), *ss = constData<float>(sine);
    at::parallel_for(0, x.size(0), grain(width), [&](int64_t begin, int64_t end) {
      for (int64_t t = begin; t < end; ++t) {
        for (int64_t h = 0; h < heads; ++h) {
          rotateHalfInPlace(
              rows + t * x.stride(0) + h * 2 * half, cs + t * half, ss + t * half, inverse ? -1.0f : 1.0f, half);
        }
      }
    });
  });
}

// The parts of packed rows [T, (heads + 2 · groups) · D] as attention sees them.
struct PackedHeads {
  int64_t heads, groups, dimension, perGroup;

  PackedHeads(const at::Tensor &packed, int64_t heads, int64_t groups, const int64_t *bounds, int32_t segments)
      : heads(heads), groups(groups) {
    expect(heads > 0 && groups > 0 && heads % groups == 0, "the heads are not a multiple of the groups");
    expect(packed.dim() == 2 && packed.size(1) % (heads + 2 * groups) == 0, "expected [T, (heads + 2 * groups) * D]");
    dimension = packed.size(1) / (heads + 2 * groups);
    perGroup = heads / groups;
    expect(segments > 0 && bounds[0] == 0 && bounds[segments] == packed.size(0), "the segments do not cover the rows");
    for (int32_t i = 0; i < segments; ++i) expect(bounds[i] < bounds[i + 1], "a segment is empty");
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

// What the products of attention run in.
at::Tensor forProducts(const at::Tensor &x) { return isFast(x) ? x : x.to(at::kFloat); }

// Positions that lie after the query's own: [rows, visible], rows first ..< first + rows.
at::Tensor futureMask(int64_t first, int64_t rows, int64_t visible, at::Device device) {
  const auto options = at::TensorOptions().dtype(at::kLong).device(device);
  return at::arange(visible, options).unsqueeze(0) > at::arange(first, first + rows, options).unsqueeze(1);
}

// Causal attention within each segment. out [T, heads · D]; normalizers [groups, perGroup, T] float32.
// In blocks of queries, as in the inference path: plain products run at the processor's matrix speed, and neither the
// scores of all pairs nor a mask stand in memory.
void causalAttention(
    const at::Tensor &packed, const PackedHeads &layout, const int64_t *bounds, int32_t segments, double scale,
    at::Tensor &out, at::Tensor &normalizers) {
  const auto [heads, groups, dimension, perGroup] = layout;
  for (int32_t segment = 0; segment < segments; ++segment) {
    const int64_t start = bounds[segment], count = bounds[segment + 1] - start;
    const at::Tensor rows = forProducts(packed.slice(0, start, start + count));
    const at::Tensor queries = layout.queries(rows), keys = layout.keys(rows), values = layout.values(rows);
    for (int64_t first = 0; first < count;) {
      const int64_t size = std::min(count - first, layout.blockRows(first, packed.is_cpu()));
      const int64_t visible = first + size;
      const at::Tensor block = queries.slice(2, first, visible).reshape({groups, perGroup * size, dimension});
      at::Tensor scores = at::bmm(block, keys.slice(1, 0, visible).transpose(1, 2));
      if (scores.is_cpu() && scores.scalar_type() == at::kFloat) {
        float *lines = data<float>(scores), *logs = data<float>(normalizers);
        const int64_t total = normalizers.size(2);
        at::parallel_for(0, heads * size, grain(visible), [&](int64_t begin, int64_t end) {
          for (int64_t line = begin; line < end; ++line) {
            const int64_t head = line / size, row = first + line % size;
            logs[head * total + start + row] =
                softmaxWithNormalizer(lines + line * visible, row + 1, visible, float(scale));
          }
        });
      } else {
        at::Tensor wide = scores.to(at::kFloat).mul_(scale).view({groups, perGroup, size, visible});
        wide.masked_fill_(futureMask(first, size, visible, scores.device()), -INFINITY);
        const at::Tensor logs = at::logsumexp(wide, {-1}, true);
        normalizers.slice(2, start + first, start + visible).copy_(logs.squeeze(-1));
        scores.copy_(wide.sub_(logs).exp_().view_as(scores));
      }
      const at::Tensor mixed = at::bmm(scores, values.slice(1, 0, visible));
      out.slice(0, start + first, start + visible)
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
    const PackedHeads &layout, const int64_t *bounds, int32_t segments, double scale, at::Tensor &result) {
  const auto [heads, groups, dimension, perGroup] = layout;
  for (int32_t segment = 0; segment < segments; ++segment) {
    const int64_t start = bounds[segment], count = bounds[segment + 1] - start;
    const at::Tensor rows = forProducts(packed.slice(0, start, start + count));
    const at::Tensor outRows = forProducts(out.slice(0, start, start + count));
    const at::Tensor outGradient = forProducts(gradient.slice(0, start, start + count));
    const at::Tensor queries = layout.queries(rows), keys = layout.keys(rows), values = layout.values(rows);
    const at::Tensor mixedGradient = layout.queries(outGradient);
    const at::Tensor deltas = at::sum(mixedGradient * layout.queries(outRows), {-1}, false, at::kFloat).contiguous();
    at::Tensor target = result.slice(0, start, start + count);
    // Sums over the blocks, in float32.
    const auto wide = packed.options().dtype(at::kFloat);
    at::Tensor keyGradient = at::zeros({groups, count, dimension}, wide);
    at::Tensor valueGradient = at::zeros({groups, count, dimension}, wide);
    for (int64_t first = 0; first < count;) {
      const int64_t size = std::min(count - first, layout.blockRows(first, packed.is_cpu()));
      const int64_t visible = first + size;
      const at::Tensor block = queries.slice(2, first, visible).reshape({groups, perGroup * size, dimension});
      const at::Tensor blockGradient =
          mixedGradient.slice(2, first, visible).reshape({groups, perGroup * size, dimension});
      const at::Tensor seenKeys = keys.slice(1, 0, visible), seenValues = values.slice(1, 0, visible);
      at::Tensor scores = at::bmm(block, seenKeys.transpose(1, 2));
      at::Tensor scoreGradient = at::bmm(blockGradient, seenValues.transpose(1, 2));
      if (scores.is_cpu() && scores.scalar_type() == at::kFloat) {
        float *lines = data<float>(scores), *gradients = data<float>(scoreGradient);
        const float *logs = constData<float>(normalizers), *sums = constData<float>(deltas);
        const int64_t total = normalizers.size(2);
        at::parallel_for(0, heads * size, grain(visible), [&](int64_t begin, int64_t end) {
          for (int64_t line = begin; line < end; ++line) {
            const int64_t head = line / size, row = first + line % size;
            attentionBackwardRow(
                lines + line * visible, gradients + line * visible, row + 1, visible, float(scale),
                logs[head * total + start + row], sums[head * count + row]);
          }
        });
      } else {
        at::Tensor p = scores.to(at::kFloat).mul_(scale).view({groups, perGroup, size, visible});
        p.sub_(normalizers.slice(2, start + first, start + visible).unsqueeze(-1)).exp_();
        p.masked_fill_(futureMask(first, size, visible, scores.device()), 0);
        at::Tensor d = scoreGradient.to(at::kFloat).view_as(p) - deltas.slice(2, first, visible).unsqueeze(-1);
        d.mul_(p).mul_(scale);
        scores.copy_(p.view_as(scores));
        scoreGradient.copy_(d.view_as(scores));
      }
      layout.queries(target).slice(2, first, visible).copy_(
          at::bmm(scoreGradient, seenKeys).view({groups, perGroup, size, dimension}));
      at::Tensor keySums = keyGradient.slice(1, 0, visible), valueSums = valueGradient.slice(1, 0, visible);
      for (int64_t g = 0; g < groups; ++g) {
        at::Tensor k = keySums[g], v = valueSums[g];
        multiplyInto(k, scoreGradient[g].t(), block[g], 1, 1);
        multiplyInto(v, scores[g].t(), blockGradient[g], 1, 1);
      }
      first += size;
    }
    layout.keys(target).copy_(keyGradient);
    layout.values(target).copy_(valueGradient);
  }
}

void dropout(const at::Tensor &x, double probability, uint64_t seed, at::Tensor &out, bool adding) {
  expect(probability >= 0 && probability < 1, "expected a probability of 0 ..< 1");
  expect(x.sizes() == out.sizes() && x.scalar_type() == out.scalar_type(), "input and output differ");
  const double scale = 1 / (1 - probability);
  if (!hasRowKernels(x)) {
    expect(!x.is_cpu(), "dropout on the CPU takes float32 and bfloat16");
    at::Generator generator = at::globalContext().defaultGenerator(x.device()).clone();
    generator.set_current_seed(seed);
    const at::Tensor kept = at::empty_like(x).bernoulli_(1 - probability, generator).mul_(scale).mul_(x);
    if (adding) {
      out.add_(kept);
    } else {
      out.copy_(kept);
    }
    return;
  }
  expect(out.is_contiguous(), "the output must be contiguous");
  const at::Tensor source = x.contiguous();
  const auto threshold = uint32_t(std::min(probability * 4294967296.0, 4294967295.0));
  withElement(x, [&](auto element) {
    using Element = decltype(element);
    const Element *values = constData<Element>(source);
    Element *target = data<Element>(out);
    at::parallel_for(0, x.numel(), 16384, [&](int64_t begin, int64_t end) {
      countedDropout(values + begin, target + begin, begin, end - begin, seed, threshold, float(scale), adding);
    });
  });
}

at::Tensor crossEntropy(at::Tensor &logits, const at::Tensor &targets, double scale) {
  expect(logits.dim() == 2 && logits.scalar_type() == at::kFloat, "expected float32 logits [rows, V]");
  expect(
      targets.dim() == 1 && targets.scalar_type() == at::kLong && targets.size(0) == logits.size(0),
      "expected an int64 target for each row");
  const int64_t rows = logits.size(0), width = logits.size(1);
  at::Tensor losses = at::empty({rows}, logits.options());
  if (!logits.is_cpu()) {
    const at::Tensor logs = at::log_softmax(logits, -1), places = targets.unsqueeze(1);
    losses.copy_(at::gather(logs, 1, places).squeeze(1).neg_());
    logits.copy_(logs.exp().scatter_add_(1, places, at::full({rows, 1}, -1.0, logits.options())).mul_(scale));
    return losses;
  }
  expect(logits.is_contiguous(), "the logits must be contiguous");
  const at::Tensor chosen = targets.contiguous();
  const int64_t *ids = constData<int64_t>(chosen);
  for (int64_t row = 0; row < rows; ++row) expect(ids[row] >= 0 && ids[row] < width, "a target is not in the vocabulary");
  float *lines = data<float>(logits), *results = data<float>(losses);
  at::parallel_for(0, rows, grain(width), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      results[row] = crossEntropyRow(lines + row * width, width, ids[row], float(scale));
    }
  });
  return losses;
}

}  // namespace

ct_status ct_multiply_into(
    ct_tensor *out, const ct_tensor *left, const ct_tensor *right, double beta, double alpha) {
  return guarded("multiply", {out, left, right}, [&] {
    at::NoGradGuard guard;
    multiplyInto(out->value, left->value, right->value, beta, alpha);
  });
}

ct_status ct_rms_norm_backward(
    const ct_tensor *x, const ct_tensor *weight, const ct_tensor *gradient, double epsilon, ct_tensor *accumulate) {
  return guarded("rms norm backward", {x, weight, gradient, accumulate}, [&] {
    at::NoGradGuard guard;
    rmsNormGradient(x->value, weight->value, gradient->value, epsilon, accumulate->value);
  });
}

ct_status ct_silu_multiply_backward(ct_tensor *gate, ct_tensor *up, const ct_tensor *gradient) {
  return guarded("silu multiply backward", {gate, up, gradient}, [&] {
    at::NoGradGuard guard;
    siluMultiplyGradient(gate->value, up->value, gradient->value);
  });
}

ct_status ct_rotate_in_place(
    ct_tensor *x, int64_t heads, const ct_tensor *cosine, const ct_tensor *sine, bool inverse) {
  return guarded("rotate", {x, cosine, sine}, [&] {
    at::NoGradGuard guard;
    rotateInPlace(x->value, heads, cosine->value, sine->value, inverse);
  });
}

ct_status ct_causal_attention(
    const ct_tensor *packed, int64_t heads, int64_t groups, const int64_t *bounds, int32_t segments, double scale,
    ct_tensor **out, ct_tensor **normalizers) {
  return guarded("causal attention", {packed}, [&] {
    at::NoGradGuard guard;
    const at::Tensor &rows = packed->value;
    const PackedHeads layout(rows, heads, groups, bounds, segments);
    at::Tensor mixed = at::empty({rows.size(0), heads * layout.dimension}, rows.options());
    at::Tensor logs = at::empty({groups, layout.perGroup, rows.size(0)}, rows.options().dtype(at::kFloat));
    causalAttention(rows, layout, bounds, segments, scale, mixed, logs);
    give(out, std::move(mixed));
    give(normalizers, std::move(logs));
  });
}

ct_status ct_causal_attention_backward(
    const ct_tensor *packed, const ct_tensor *out, const ct_tensor *normalizers, const ct_tensor *gradient,
    int64_t heads, int64_t groups, const int64_t *bounds, int32_t segments, double scale, ct_tensor **result) {
  return guarded("causal attention backward", {packed, out, normalizers, gradient}, [&] {
    at::NoGradGuard guard;
    const at::Tensor &rows = packed->value;
    const PackedHeads layout(rows, heads, groups, bounds, segments);
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
        rows, out->value, normalizers->value, gradient->value, layout, bounds, segments, scale, made);
    give(result, std::move(made));
  });
}

ct_status ct_counted_dropout(const ct_tensor *x, double probability, uint64_t seed, ct_tensor **out) {
  return guarded("dropout", {x}, [&] {
    at::NoGradGuard guard;
    at::Tensor made = at::empty(x->value.sizes(), x->value.options());
    dropout(x->value, probability, seed, made, false);
    give(out, std::move(made));
  });
}

ct_status ct_add_counted_dropout(ct_tensor *sum, const ct_tensor *x, double probability, uint64_t seed) {
  return guarded("dropout", {sum, x}, [&] {
    at::NoGradGuard guard;
    dropout(x->value, probability, seed, sum->value, true);
  });
}

ct_status ct_cross_entropy(ct_tensor *logits, const ct_tensor *targets, double scale, ct_tensor **losses) {
  return guarded("cross entropy", {logits, targets}, [&] {
    at::NoGradGuard guard;
    give(losses, crossEntropy(logits->value, targets->value, scale));
  });
}

ct_status ct_add_rows(ct_tensor *sum, const ct_tensor *places, const ct_tensor *rows) {
  return guarded("add rows", {sum, places, rows}, [&] {
    at::NoGradGuard guard;
    sum->value.index_add_(0, places->value, rows->value);
  });
}

ct_status ct_adamw(
    ct_tensor *values, const ct_tensor *gradients, ct_tensor *first_moments, ct_tensor *second_moments, int64_t step,
    double learning_rate, double beta1, double beta2, double epsilon, double weight_decay) {
  return guarded("AdamW", {values, gradients, first_moments, second_moments}, [&] {
    at::NoGradGuard guard;
    at::Tensor &p = values->value, &m = first_moments->value, &v = second_moments->value;
    const at::Tensor &g = gradients->value;
    expect(p.sizes() == g.sizes() && p.sizes() == m.sizes() && p.sizes() == v.sizes(), "the shapes differ");
    expect(step > 0, "steps count from 1");
    const at::Tensor count = at::full({}, double(step), p.options().dtype(at::kFloat));
    at::_fused_adamw_(
        {p}, {g}, {m}, {v}, {}, {count}, learning_rate, beta1, beta2, weight_decay, epsilon, /*amsgrad=*/false,
        /*maximize=*/false);
  });
}
