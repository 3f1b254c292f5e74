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

StoredWeight storedWeight(const ct_weight &weight) {
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
      heads == 0 || (blockBytes(weight.format) > 0 && heads > 0 && heads % 2 == 0 && stored.outputs % heads == 0),
      "the rows do not divide into heads of this size");
  return stored;
}

at::Tensor numbers(const StoredWeight &weight, at::ScalarType dtype) {
  at::Tensor rows = at::empty({weight.outputs, weight.inner}, dtype);
  const WeightRowKernels &kernels = weightRowKernels();
  parallelFor(0, weight.outputs, grain(weight.inner), [&](int64_t begin, int64_t end) {
    auto *place = static_cast<uint8_t *>(rows.mutable_data_ptr()) + begin * weight.inner * rows.element_size();
    if (dtype == at::kFloat) {
      kernels.readFloats(weight, begin, end, reinterpret_cast<float *>(place));
    } else {
      kernels.readHalves(weight, begin, end, place);
    }
  });
  return rows;
}

void multiplyInt8(
    at::Tensor &out, const at::Tensor &x, const std::vector<StoredWeight> &weights, const at::Tensor *residual) {
  const int64_t rows = x.size(0), inner = x.size(1);
  expect(inner <= largestInner, "the rows of int8 weights are too long for exact sums");
  if (out.numel() == 0) return;
  const bool isHalf = x.scalar_type() == at::kBFloat16;
  const Int8Kernels &kernels = int8Kernels(rows);
  const Digits digits(x.const_data_ptr(), isHalf, rows, inner, kernels.layout);
  std::vector<Int8Product> products;
  std::vector<int64_t> ends;  // of each product's groups
  int64_t column = 0;
  for (const StoredWeight &weight : weights) {
    const int64_t bytes = column * out.element_size();
    products.push_back(
        {.weights = static_cast<const int8_t *>(weight.values),
         .scales = weight.scales,
         .outputs = weight.outputs,
         .residual = residual ? static_cast<const char *>(residual->const_data_ptr()) + bytes : nullptr,
         .out = static_cast<char *>(out.mutable_data_ptr()) + bytes,
         .stride = out.size(1),
         .isHalf = isHalf});
    column += weight.outputs;
    ends.push_back((ends.empty() ? 0 : ends.back()) + (weight.outputs + kernels.group - 1) / kernels.group);
  }
  const int64_t productsOfGroup = kernels.group * std::max<int64_t>(1, inner) * std::min<int64_t>(rows, 512);
  parallelFor(0, ends.back(), (1 << 16) / productsOfGroup, [&](int64_t first, int64_t last) {
    int64_t begin = 0;
    for (size_t i = 0; i < products.size(); begin = ends[i++]) {
      const int64_t from = std::max(first, begin) - begin, to = std::min(last, ends[i]) - begin;
      if (from >= to) continue;
      kernels.multiply(
          digits, products[i], from * kernels.group, std::min(products[i].outputs, to * kernels.group));
    }
  });
}

}  // namespace ctorch

ct_status ct_make_weight(const ct_weight *weight, ct_weight_format format, ct_tensor **values, ct_tensor **scales) {
  return guarded("make weight", {weight ? weight->values : nullptr}, [&] {
    at::NoGradGuard guard;
    expect(weight && (format == CT_WEIGHT_INT8 || format == CT_WEIGHT_Q4_0), "weights are made as int8 or Q4_0");
    const StoredWeight source = storedWeight(*weight);
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
    const StoredWeight source = storedWeight(*weight);
    if (!rows) return give(out, numbers(source, scalarType(dtype)));
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
