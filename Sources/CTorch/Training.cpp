// Operators of the training path, forward and backward written out. On the CPU the row kernels do the elementwise work
// and the library's products the rest; on other devices the same results come from ATen's operators.
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/core/grad_mode.h>

#include <cmath>

#include "Elements.hpp"
#include "Parallel.hpp"
#include "Support.hpp"
#include "TrainingKernels.hpp"
#include "TrainingProducts.hpp"

using namespace ctorch;

namespace {

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
    const auto &kernels = trainingKernels<Element>();
    parallelFor(0, x.size(0), grain(width), [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        const int64_t place = row * width;
        kernels.rmsNormBackward(xs + place, ws, gs + place, float(epsilon), target + place, width);
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
    // Both before either is written: g shares gate's memory in float32.
    const at::Tensor gateGradient = d * up * s * (1 + g * (1 - s));
    up.copy_(d * g * s);
    gate.copy_(gateGradient);
    return;
  }
  const int64_t width = gate.size(1);
  const at::Tensor dense = gradient.contiguous();
  withElement(gate, [&](auto element) {
    using Element = decltype(element);
    Element *gates = data<Element>(gate), *ups = data<Element>(up);
    const Element *ds = constData<Element>(dense);
    const auto &kernels = trainingKernels<Element>();
    parallelFor(0, gate.size(0), grain(width), [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        kernels.siluMultiplyBackward(gates + row * gate.stride(0), ups + row * up.stride(0), ds + row * width, width);
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
    // In few calls: on a GPU each is a kernel.
    const at::Tensor halves = x.slice(1, 0, width).unflatten(1, {heads, 2, half});
    const at::Tensor c = cosine.unsqueeze(1), s = sine.unsqueeze(1);
    const double sign = inverse ? -1 : 1;
    const at::Tensor turned = halves * c.unsqueeze(1);  // not x itself, which is read until it is written at the end
    turned.select(2, 0).addcmul_(halves.select(2, 1), s, -sign);
    turned.select(2, 1).addcmul_(halves.select(2, 0), s, sign);
    halves.copy_(turned);
    return;
  }
  withElement(x, [&](auto element) {
    using Element = decltype(element);
    Element *rows = data<Element>(x);
    const float *cs = constData<float>(cosine), *ss = constData<float>(sine);
    const auto &kernels = trainingKernels<Element>();
    parallelFor(0, x.size(0), grain(width), [&](int64_t begin, int64_t end) {
      for (int64_t t = begin; t < end; ++t) {
        for (int64_t h = 0; h < heads; ++h) {
          kernels.rotateHalfInPlace(
              rows + t * x.stride(0) + h * 2 * half, cs + t * half, ss + t * half, inverse ? -1.0f : 1.0f, half);
        }
      }
    });
  });
}

void dropout(const at::Tensor &x, double probability, uint64_t seed, at::Tensor &out, bool adding) {
  expect(probability >= 0 && probability < 1, "expected a probability of 0 ..< 1");
  expect(x.sizes() == out.sizes() && x.scalar_type() == out.scalar_type(), "input and output differ");
  const double scale = 1 / (1 - probability);
  // ATen has no dropout that counts, so that on a CPU there is no other way than the row kernels.
  if (!fitsRowKernels(x)) {
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
    const auto &kernels = trainingKernels<Element>();
    parallelFor(0, x.numel(), 16384, [&](int64_t begin, int64_t end) {
      kernels.countedDropout(
          values + begin, target + begin, begin, end - begin, seed, threshold, float(scale), adding);
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
  if (!hasRowKernels(logits)) {
    const at::Tensor logs = at::log_softmax(logits, -1), places = targets.unsqueeze(1);
    losses.copy_(at::gather(logs, 1, places).squeeze(1).neg_());
    logits.copy_(logs.exp().scatter_add_(1, places, at::full({rows, 1}, -1.0, logits.options())).mul_(scale));
    return losses;
  }
  expect(logits.is_contiguous(), "the logits must be contiguous");
  const at::Tensor chosen = targets.contiguous();
  const int64_t *ids = constData<int64_t>(chosen);
  for (int64_t row = 0; row < rows; ++row) {
    expect(ids[row] >= 0 && ids[row] < width, "a target is not in the vocabulary");
  }
  float *lines = data<float>(logits), *results = data<float>(losses);
  const auto &kernels = scoreKernels();
  parallelFor(0, rows, grain(width), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      results[row] = kernels.crossEntropyRow(lines + row * width, width, ids[row], float(scale));
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

ct_status ct_set_rows(ct_tensor *tensor, const ct_tensor *places, const ct_tensor *rows) {
  return guarded("set rows", {tensor, places, rows}, [&] {
    at::NoGradGuard guard;
    tensor->value.index_copy_(0, places->value, rows->value);
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
