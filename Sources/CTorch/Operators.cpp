// Arithmetic, products, reductions, and gradients.
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>

#include "Support.hpp"

using namespace ctorch;

namespace {

const char *const unaryNames[] = {"negate", "exp", "log",     "sqrt", "rsqrt",     "abs",
                                  "sin",    "cos", "sigmoid", "silu", "is finite", "logical not"};
const char *const binaryNames[] = {"add",     "subtract", "multiply", "divide", "power",
                                   "minimum", "maximum",  "equal",    "less",   "greater"};
const char *const reductionNames[] = {"sum",       "mean", "max", "min", "argmax",
                                      "logsumexp", "norm", "all", "any"};

template <size_t count>
const char *nameOf(const char *const (&names)[count], int op) {
  return op >= 0 && static_cast<size_t>(op) < count ? names[op] : "unknown operator";
}

[[noreturn]] void unknown() { throw Failure{CT_ERROR_ARGUMENT, "the operator code is not known"}; }

}  // namespace

ct_status ct_unary(ct_unary_op op, const ct_tensor *tensor, ct_tensor **out) {
  return guarded(nameOf(unaryNames, op), {tensor}, [&] {
    const at::Tensor &x = tensor->value;
    switch (op) {
      case CT_NEGATE: return give(out, at::neg(x));
      case CT_EXP: return give(out, at::exp(x));
      case CT_LOG: return give(out, at::log(x));
      case CT_SQRT: return give(out, at::sqrt(x));
      case CT_RSQRT: return give(out, at::rsqrt(x));
      case CT_ABS: return give(out, at::abs(x));
      case CT_SIN: return give(out, at::sin(x));
      case CT_COS: return give(out, at::cos(x));
      case CT_SIGMOID: return give(out, at::sigmoid(x));
      case CT_SILU: return give(out, at::silu(x));
      case CT_IS_FINITE: return give(out, at::isfinite(x));
      case CT_LOGICAL_NOT: return give(out, at::logical_not(x));
    }
    unknown();
  });
}

ct_status ct_binary(ct_binary_op op, const ct_tensor *left, const ct_tensor *right, ct_tensor **out) {
  return guarded(nameOf(binaryNames, op), {left, right}, [&] {
    const at::Tensor &a = left->value, &b = right->value;
    switch (op) {
      case CT_ADD: return give(out, at::add(a, b));
      case CT_SUBTRACT: return give(out, at::sub(a, b));
      case CT_MULTIPLY: return give(out, at::mul(a, b));
      case CT_DIVIDE: return give(out, at::div(a, b));
      case CT_POWER: return give(out, at::pow(a, b));
      case CT_MINIMUM: return give(out, at::minimum(a, b));
      case CT_MAXIMUM: return give(out, at::maximum(a, b));
      case CT_EQUAL: return give(out, at::eq(a, b));
      case CT_LESS: return give(out, at::lt(a, b));
      case CT_GREATER: return give(out, at::gt(a, b));
    }
    unknown();
  });
}

ct_status ct_binary_scalar(ct_binary_op op, const ct_tensor *left, double right, ct_tensor **out) {
  return guarded(nameOf(binaryNames, op), {left}, [&] {
    const at::Tensor &a = left->value;
    const at::Scalar b(right);
    switch (op) {
      case CT_ADD: return give(out, at::add(a, b));
      case CT_SUBTRACT: return give(out, at::sub(a, b));
      case CT_MULTIPLY: return give(out, at::mul(a, b));
      case CT_DIVIDE: return give(out, at::div(a, b));
      case CT_POWER: return give(out, at::pow(a, b));
      case CT_MINIMUM: return give(out, at::clamp_max(a, b));
      case CT_MAXIMUM: return give(out, at::clamp_min(a, b));
      case CT_EQUAL: return give(out, at::eq(a, b));
      case CT_LESS: return give(out, at::lt(a, b));
      case CT_GREATER: return give(out, at::gt(a, b));
    }
    unknown();
  });
}

ct_status ct_binary_in_place(ct_binary_op op, ct_tensor *left, const ct_tensor *right) {
  return guarded(nameOf(binaryNames, op), {left, right}, [&] {
    switch (op) {
      case CT_ADD: left->value.add_(right->value); return;
      case CT_SUBTRACT: left->value.sub_(right->value); return;
      case CT_MULTIPLY: left->value.mul_(right->value); return;
      case CT_DIVIDE: left->value.div_(right->value); return;
      default: unknown();
    }
  });
}

ct_status ct_binary_scalar_in_place(ct_binary_op op, ct_tensor *left, double right) {
  return guarded(nameOf(binaryNames, op), {left}, [&] {
    const at::Scalar b(right);
    switch (op) {
      case CT_ADD: left->value.add_(b); return;
      case CT_SUBTRACT: left->value.sub_(b); return;
      case CT_MULTIPLY: left->value.mul_(b); return;
      case CT_DIVIDE: left->value.div_(b); return;
      default: unknown();
    }
  });
}

ct_status ct_add_scaled_in_place(ct_tensor *left, const ct_tensor *right, double scale) {
  return guarded("add scaled", {left, right}, [&] { left->value.add_(right->value, at::Scalar(scale)); });
}

ct_status ct_clamp(const ct_tensor *tensor, double minimum, double maximum, ct_tensor **out) {
  return guarded("clamp", {tensor}, [&] {
    give(out, at::clamp(tensor->value, at::Scalar(minimum), at::Scalar(maximum)));
  });
}

ct_status ct_matmul(const ct_tensor *left, const ct_tensor *right, ct_tensor **out) {
  return guarded("matmul", {left, right}, [&] { give(out, at::matmul(left->value, right->value)); });
}

ct_status ct_linear(const ct_tensor *input, const ct_tensor *weight, const ct_tensor *bias, ct_tensor **out) {
  return guarded("linear", {input, weight, bias}, [&] {
    give(out, at::linear(input->value, weight->value, bias ? std::optional(bias->value) : std::nullopt));
  });
}

ct_status ct_embedding(const ct_tensor *table, const ct_tensor *indices, ct_tensor **out) {
  return guarded("embedding", {table, indices}, [&] { give(out, at::embedding(table->value, indices->value)); });
}

ct_status ct_reduce(
    ct_reduction op, const ct_tensor *tensor, bool has_dimension, int64_t dimension, bool keep, ct_tensor **out) {
  return guarded(nameOf(reductionNames, op), {tensor}, [&] {
    const at::Tensor &x = tensor->value;
    const at::IntArrayRef one(&dimension, 1);
    switch (op) {
      case CT_SUM: return give(out, has_dimension ? at::sum(x, one, keep) : at::sum(x));
      case CT_MEAN: return give(out, has_dimension ? at::mean(x, one, keep) : at::mean(x));
      case CT_MAX: return give(out, has_dimension ? at::amax(x, one, keep) : at::amax(x));
      case CT_MIN: return give(out, has_dimension ? at::amin(x, one, keep) : at::amin(x));
      case CT_ARGMAX:
        return give(out, has_dimension ? at::argmax(x, dimension, keep) : at::argmax(x));
      case CT_LOGSUMEXP:
        if (has_dimension) return give(out, at::logsumexp(x, one, keep));
        break;
      case CT_NORM2:
        return give(out, has_dimension ? at::linalg_vector_norm(x, 2, one, keep) : at::linalg_vector_norm(x, 2));
      case CT_ALL: return give(out, has_dimension ? at::all(x, dimension, keep) : at::all(x));
      case CT_ANY: return give(out, has_dimension ? at::any(x, dimension, keep) : at::any(x));
    }
    unknown();
  });
}

ct_status ct_variance(const ct_tensor *tensor, int64_t dimension, bool unbiased, bool keep, ct_tensor **out) {
  return guarded("variance", {tensor}, [&] {
    give(out, at::var(tensor->value, at::IntArrayRef(&dimension, 1), unbiased, keep));
  });
}

ct_status ct_cumulative_sum(const ct_tensor *tensor, int64_t dimension, ct_tensor **out) {
  return guarded("cumulative sum", {tensor}, [&] { give(out, at::cumsum(tensor->value, dimension)); });
}

ct_status ct_softmax(const ct_tensor *tensor, int64_t dimension, ct_tensor **out) {
  return guarded("softmax", {tensor}, [&] { give(out, at::softmax(tensor->value, dimension)); });
}

ct_status ct_log_softmax(const ct_tensor *tensor, int64_t dimension, ct_tensor **out) {
  return guarded("log softmax", {tensor}, [&] { give(out, at::log_softmax(tensor->value, dimension)); });
}

ct_status ct_sort(
    const ct_tensor *tensor, int64_t dimension, bool descending, ct_tensor **values, ct_tensor **indices) {
  return guarded("sort", {tensor}, [&] {
    auto [sorted, order] = at::sort(tensor->value, /*stable=*/true, dimension, descending);
    give(values, std::move(sorted));
    give(indices, std::move(order));
  });
}

ct_status ct_top_k(
    const ct_tensor *tensor, int64_t k, int64_t dimension, ct_tensor **values, ct_tensor **indices) {
  return guarded("top k", {tensor}, [&] {
    auto [top, order] = at::topk(tensor->value, k, dimension);
    give(values, std::move(top));
    give(indices, std::move(order));
  });
}

ct_status ct_dropout(const ct_tensor *tensor, double probability, ct_generator *generator, ct_tensor **out) {
  return guarded("dropout", {tensor}, [&] {
    if (!(probability >= 0 && probability < 1)) {
      throw Failure{CT_ERROR_ARGUMENT, "found probability " + std::to_string(probability) + ", expected 0 ..< 1"};
    }
    const at::Tensor &x = tensor->value;
    const std::optional<at::Generator> source =
        generator ? std::optional(generator->value) : std::optional<at::Generator>();
    const at::Tensor keep = at::empty_like(x).bernoulli_(1 - probability, source);
    give(out, x * keep.div_(1 - probability));
  });
}

ct_status ct_attention(
    const ct_tensor *query, const ct_tensor *key, const ct_tensor *value, const ct_tensor *mask, bool causal,
    double scale, ct_tensor **out) {
  return guarded("attention", {query, key, value, mask}, [&] {
    const bool grouped = query->value.dim() == 4 && query->value.size(1) != key->value.size(1);
    give(out, at::scaled_dot_product_attention(
                  query->value, key->value, value->value, mask ? std::optional(mask->value) : std::nullopt,
                  /*dropout_p=*/0.0, causal, scale, /*enable_gqa=*/grouped));
  });
}

bool ct_gradients_enabled(void) { return at::GradMode::is_enabled(); }
void ct_set_gradients_enabled(bool enabled) { at::GradMode::set_enabled(enabled); }
bool ct_requires_gradient(const ct_tensor *tensor) { return tensor->value.requires_grad(); }

ct_status ct_set_requires_gradient(ct_tensor *tensor, bool required) {
  return guarded("requires gradient", {tensor}, [&] { tensor->value.set_requires_grad(required); });
}

ct_status ct_backward(const ct_tensor *scalar) {
  return guarded("backward", {scalar}, [&] { scalar->value.backward(); });
}

ct_status ct_gradient(const ct_tensor *tensor, ct_tensor **out) {
  return guarded("gradient", {tensor}, [&] {
    const at::Tensor gradient = tensor->value.grad();
    *out = gradient.defined() ? new ct_tensor{gradient} : nullptr;
  });
}

ct_status ct_clear_gradient(ct_tensor *tensor) {
  return guarded("clear gradient", {tensor}, [&] { tensor->value.mutable_grad() = at::Tensor(); });
}

ct_status ct_vector_jacobian(
    const ct_tensor *const *outputs, const ct_tensor *const *seeds, int32_t output_count,
    const ct_tensor *const *inputs, int32_t input_count, ct_tensor **out) {
  return guarded("vector Jacobian", {}, [&] {
    auto gradients = torch::autograd::grad(
        listOf(outputs, output_count), listOf(inputs, input_count), listOf(seeds, output_count),
        /*retain_graph=*/std::nullopt, /*create_graph=*/false, /*allow_unused=*/true);
    std::vector<ct_tensor *> results;
    for (size_t i = 0; i < gradients.size(); ++i) {
      // An input that the outputs do not depend on has gradient zero.
      at::Tensor gradient = gradients[i].defined() ? gradients[i] : at::zeros_like(inputs[i]->value);
      results.push_back(new ct_tensor{std::move(gradient)});
    }
    for (size_t i = 0; i < results.size(); ++i) out[i] = results[i];
  });
}
