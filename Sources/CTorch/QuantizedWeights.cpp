#include "QuantizedWeights.hpp"

#include <ATen/core/grad_mode.h>

#include <atomic>
#include <cmath>

#include "Elements.hpp"
#include "Parallel.hpp"
#include "QuantizedProducts.hpp"
#include "WeightRows.hpp"

using namespace ctorch;

namespace ctorch {
namespace {

// A weight with what is said of it checked.
StoredWeight checked(const ct_weight &weight) {
  expect(weight.values, "a weight is missing");
  const at::Tensor &values = weight.values->value;
  expect(values.is_cpu() && values.dim() == 2 && values.is_contiguous(), "expected a matrix of weights on the CPU");
  StoredWeight stored{
      .format = weight.format, .values = values.const_data_ptr(), .scales = nullptr, .outputs = values.size(0),
      .inner = values.size(1), .headDimension = weight.head_dimension, .element = PlainElement::float32};
  const at::ScalarType dtype = values.scalar_type();
  switch (weight.format) {
    case CT_WEIGHT_PLAIN:
      expect(
          dtype == at::kFloat || dtype == at::kHalf || dtype == at::kBFloat16,
          "expected weights of float32, float16 or bfloat16");
      stored.element = dtype == at::kFloat  ? PlainElement::float32
                       : dtype == at::kHalf ? PlainElement::float16
                                            : PlainElement::bfloat16;
      break;
    case CT_WEIGHT_INT8: {
      expect(dtype == at::kChar && weight.scales, "expected weights of int8 and their scales");
      const at::Tensor &scales = weight.scales->value;
      expect(
          scales.is_cpu() && scales.scalar_type() == at::kFloat && scales.is_contiguous() && scales.dim() == 1 &&
              scales.size(0) == stored.outputs,
          "expected a float32 scale for each output");
      stored.scales = static_cast<const float *>(scales.const_data_ptr());
      break;
    }
    default: {
      const int64_t bytes = blockBytes(weight.format);
      expect(bytes > 0, "the format of a weight is not known");
      expect(dtype == at::kByte && values.size(1) % bytes == 0, "expected rows of whole blocks, as uint8");
      stored.inner = values.size(1) / bytes * blockLength(weight.format);
    }
  }
  const int64_t heads = stored.headDimension;
  expect(
      heads >= 0 && heads % 2 == 0 && (heads == 0 || stored.outputs % heads == 0),
      "the rows do not divide into heads of this size");
  return stored;
}

// The rows of outputs begin ..< end, in float32 or bfloat16.
void readRows(const WeightRowKernels &kernels, const StoredWeight &weight, int64_t begin, int64_t end, at::Tensor &out) {
  auto *place = static_cast<uint8_t *>(out.mutable_data_ptr()) + begin * weight.inner * out.element_size();
  if (out.scalar_type() == at::kFloat) {
    kernels.readFloats(weight, begin, end, reinterpret_cast<float *>(place));
  } else {
    kernels.readHalves(weight, begin, end, place);
  }
}

at::Tensor allRows(const StoredWeight &weight, at::ScalarType dtype) {
  at::Tensor rows = at::empty({weight.outputs, weight.inner}, dtype);
  const WeightRowKernels &kernels = weightRowKernels();
  parallelFor(0, weight.outputs, grain(weight.inner), [&](int64_t begin, int64_t end) {
    readRows(kernels, weight, begin, end, rows);
  });
  return rows;
}

// One weight's part of the result, from column `column` of `out` on, by exact sums of digits.
void multiplyInt8(
    const Int8Kernels &kernels, const Digits &x, const StoredWeight &weight, const at::Tensor *residual,
    at::Tensor &out, int64_t column) {
  const int64_t bytes = column * out.element_size();
  const Int8Product product{
      .weights = static_cast<const int8_t *>(weight.values), .scales = weight.scales, .outputs = weight.outputs,
      .residual = residual ? static_cast<const char *>(residual->const_data_ptr()) + bytes : nullptr,
      .out = static_cast<char *>(out.mutable_data_ptr()) + bytes, .stride = out.size(1),
      .isHalf = out.scalar_type() == at::kBFloat16};
  const int64_t groups = (weight.outputs + kernels.group - 1) / kernels.group;
  const int64_t grain = std::max<int64_t>(1, (1 << 17) / (kernels.group * x.width * std::min<int64_t>(x.rows, 16)));
  parallelFor(0, groups, grain, [&](int64_t begin, int64_t end) {
    kernels.multiply(x, product, begin * kernels.group, std::min(weight.outputs, end * kernels.group));
  });
}

}  // namespace

bool areQuantized(const ct_weight *weights, int32_t count) {
  return std::any_of(weights, weights + count, [](const ct_weight &w) { return w.format != CT_WEIGHT_PLAIN; });
}

at::Tensor multiplyQuantized(
    const at::Tensor &x, const ct_weight *weights, int32_t count, const ct_tensor *residual) {
  expect(x.is_cpu(), "weights of this format are for products on a CPU; found rows on another device");
  expect(x.dim() == 2, "expected rows of x");
  std::vector<StoredWeight> stored;
  int64_t columns = 0;
  for (int32_t i = 0; i < count; ++i) {
    stored.push_back(checked(weights[i]));
    columns += stored.back().outputs;
    expect(stored.back().inner == x.size(1), "the weights are for rows of another width");
    expect(
        weights[i].format != CT_WEIGHT_PLAIN || weights[i].values->value.scalar_type() == x.scalar_type(),
        "the weights have another dtype than the rows");
  }
  at::Tensor added;
  if (residual) {
    added = residual->value;
    expect(
        added.dim() == 2 && added.size(0) == x.size(0) && added.size(1) == columns &&
            added.scalar_type() == x.scalar_type() && added.is_cpu(),
        "the residual has another shape or dtype than the products");
    added = added.contiguous();
  }
  if (!hasRowKernels(x)) {
    std::vector<at::Tensor> parts;
    for (const StoredWeight &weight : stored) parts.push_back(at::linear(x, allRows(weight, at::kFloat).to(x.dtype())));
    const at::Tensor joined = at::cat(parts, 1);
    return residual ? joined + added : joined;
  }
  const at::Tensor rows = x.contiguous();
  at::Tensor out = at::empty({x.size(0), columns}, x.options());
  if (x.size(0) == 0) return out;
  const Int8Kernels &kernels = int8Kernels(x.size(0));
  std::optional<Digits> digits;
  int64_t column = 0;
  for (const StoredWeight &weight : stored) {
    if (weight.format == CT_WEIGHT_INT8) {
      expect(weight.inner <= largestInner && weight.headDimension == 0, "the rows of int8 weights are too long");
      if (!digits) {
        digits.emplace(rows.const_data_ptr(), x.scalar_type() == at::kBFloat16, x.size(0), x.size(1), kernels.layout);
      }
      multiplyInt8(kernels, *digits, weight, residual ? &added : nullptr, out, column);
    } else {
      const at::Tensor part = at::linear(rows, allRows(weight, x.scalar_type()));
      at::Tensor place = out.slice(1, column, column + weight.outputs);
      if (residual) {
        at::add_out(place, part, added.slice(1, column, column + weight.outputs));
      } else {
        place.copy_(part);
      }
    }
    column += weight.outputs;
  }
  return out;
}

}  // namespace ctorch

ct_status ct_make_weight(const ct_weight *weight, ct_weight_format format, ct_tensor **values, ct_tensor **scales) {
  return guarded("make weight", {weight ? weight->values : nullptr}, [&] {
    at::NoGradGuard guard;
    expect(weight && (format == CT_WEIGHT_INT8 || format == CT_WEIGHT_Q4_0), "weights are made as int8 or Q4_0");
    const StoredWeight source = checked(*weight);
    const int64_t n = source.inner;
    const bool isInt8 = format == CT_WEIGHT_INT8;
    expect(isInt8 || n % blockLength(format) == 0, "the rows do not divide into blocks of 32");
    const int64_t width = isInt8 ? n : n / blockLength(format) * blockBytes(format);
    at::Tensor made = at::empty({source.outputs, width}, isInt8 ? at::kChar : at::kByte);
    at::Tensor madeScales = isInt8 ? at::empty({source.outputs}, at::kFloat) : at::Tensor();
    auto *bytes = static_cast<uint8_t *>(made.mutable_data_ptr());
    auto *scale = isInt8 ? static_cast<float *>(madeScales.mutable_data_ptr()) : nullptr;
    const WeightRowKernels &kernels = weightRowKernels();
    std::atomic<int64_t> wrong = source.outputs;  // the first row that cannot be made
    parallelFor(0, source.outputs, grain(n), [&](int64_t begin, int64_t end) {
      std::vector<float> row(static_cast<size_t>(n));
      for (int64_t o = begin; o < end; ++o) {
        kernels.readFloats(source, o, o + 1, row.data());
        uint8_t *place = bytes + o * width;
        bool isMade = true;
        if (isInt8) {
          scale[o] = kernels.makeInt8(row.data(), n, reinterpret_cast<int8_t *>(place));
          isMade = std::isfinite(scale[o]);
        } else {
          isMade = kernels.makeQ4_0(row.data(), n, place);
        }
        int64_t first = wrong;
        while (!isMade && o < first && !wrong.compare_exchange_weak(first, o)) {
        }
      }
    });
    if (wrong < source.outputs) {
      std::vector<float> row(static_cast<size_t>(n));
      kernels.readFloats(source, wrong, wrong + 1, row.data());
      const float limit = isInt8 ? INFINITY : 8 * 65504.0f;
      const auto place = std::find_if(row.begin(), row.end(), [&](float v) { return !(std::fabs(v) < limit); });
      throw Failure{
          CT_ERROR_ARGUMENT, "found " + (place == row.end() ? "a large number" : std::to_string(*place)) + " at [" +
                                 std::to_string(wrong) + ", " + std::to_string(place - row.begin()) +
                                 "], expected finite numbers" + (isInt8 ? "" : " up to 524032")};
    }
    give(values, std::move(made));
    if (isInt8) give(scales, std::move(madeScales));
  });
}

ct_status ct_weight_rows(const ct_weight *weight, const ct_tensor *rows, ct_dtype dtype, ct_tensor **out) {
  return guarded("rows of a weight", {weight ? weight->values : nullptr, rows}, [&] {
    at::NoGradGuard guard;
    expect(weight, "a weight is missing");
    expect(dtype == CT_FLOAT32 || dtype == CT_BFLOAT16, "rows are read as float32 or bfloat16");
    const StoredWeight source = checked(*weight);
    if (!rows) return give(out, allRows(source, scalarType(dtype)));
    const at::Tensor &places = rows->value;
    expect(places.is_cpu() && places.scalar_type() == at::kLong && places.is_contiguous(), "rows are numbers of int64");
    const auto *chosen = static_cast<const int64_t *>(places.const_data_ptr());
    const int64_t count = places.numel();
    expect(
        std::all_of(chosen, chosen + count, [&](int64_t row) { return row >= 0 && row < source.outputs; }),
        "a row is not in the weight");
    at::Tensor found = at::empty({count, source.inner}, scalarType(dtype));
    const WeightRowKernels &kernels = weightRowKernels();
    auto *bytes = static_cast<uint8_t *>(found.mutable_data_ptr());
    const int64_t width = source.inner * found.element_size();
    parallelFor(0, count, grain(source.inner), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        if (dtype == CT_FLOAT32) {
          kernels.readFloats(source, chosen[i], chosen[i] + 1, reinterpret_cast<float *>(bytes + i * width));
        } else {
          kernels.readHalves(source, chosen[i], chosen[i] + 1, bytes + i * width);
        }
      }
    });
    give(out, std::move(found));
  });
}
