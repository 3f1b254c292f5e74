// Products of rows with weights, each row by itself.
#include "RowProducts.hpp"

#include <ATen/core/grad_mode.h>

#include <memory>

#include "Elements.hpp"
#include "Parallel.hpp"
#include "QuantizedWeights.hpp"

namespace ctorch {
namespace {

int64_t dividedUp(int64_t count, int64_t unit) { return (count + unit - 1) / unit; }

RowProductTable tableAt(ct_kernels level) {
  switch (level) {
#if defined(__x86_64__)
    case CT_KERNELS_AVX2: return avx2RowProducts();
    case CT_KERNELS_AVX512: return avx512RowProducts();
    case CT_KERNELS_AVX512_BF16: return {avx512RowProducts().floats, avx512BF16RowProducts()};
    case CT_KERNELS_AMX: return {avx512RowProducts().floats, amxRowProducts()};
#endif
    default: return plainRowProducts();
  }
}

template <typename Element>
const RowProductKernels<Element> &kernelsOf(const RowProductTable &table) {
  if constexpr (std::is_same_v<Element, float>) {
    return table.floats;
  } else {
    return table.halves;
  }
}

// Memory that each thread keeps for its next product: less than 1 MiB, and as much again for blocks.
void *scratchOfThisThread(size_t bytes) {
  struct Free {
    void operator()(void *memory) const { ::operator delete(memory, std::align_val_t(64)); }
  };
  thread_local std::unique_ptr<void, Free> memory;
  thread_local size_t size = 0;
  if (bytes > size) {
    memory.reset();
    size = 0;
    memory.reset(::operator new(bytes, std::align_val_t(64)));
    size = bytes;
  }
  return memory.get();
}

// The outputs of several weights side by side, in groups that threads take: each group belongs to one weight.
template <typename Element>
struct Outputs {
  struct Weight {
    const Element *values;
    const StoredWeight *blocks;  // in place of values
    int64_t outputs, column, firstGroup;
  };
  std::vector<Weight> weights;
  int64_t groups = 0, columns = 0;

  Outputs(const std::vector<StoredWeight> &stored, int64_t ofGroup) {
    for (const StoredWeight &weight : stored) {
      const bool isPlain = weight.format == CT_WEIGHT_PLAIN;
      weights.push_back(
          {isPlain ? static_cast<const Element *>(weight.values) : nullptr, isPlain ? nullptr : &weight,
           weight.outputs, columns, groups});
      columns += weight.outputs;
      groups += dividedUp(weight.outputs, ofGroup);
    }
  }

  const Weight &weightOf(int64_t group) const {
    const auto next = std::find_if(
        weights.begin(), weights.end(), [&](const Weight &weight) { return weight.firstGroup > group; });
    return *std::prev(next);
  }
};

// Multiply-adds that are not worth waking a thread for, and elements that are not worth it to pack.
constexpr int64_t fewProducts = 1 << 16, fewElements = 1 << 15;

// Bytes of blocks' numbers that are multiplied while they are in the cache: for few rows in the nearest.
constexpr int64_t blockBytesOfFew = 32 << 10, blockBytesOfMany = 768 << 10, fewRows = 32, leastOutputs = 32;

// A part of a weight in blocks: its numbers, rounded to the rows' dtype, are multiplied as a plain weight's.
template <typename Element>
void multiplyBlocks(
    const RowProductKernels<Element> &kernels, const WeightRowKernels &reading, const RowProduct<Element> &product,
    const StoredWeight &weight, int64_t first, RowProductPart<Element> part, int64_t atOnce, Element *numbers,
    void *scratch) {
  part.weight = numbers;
  for (const int64_t last = first + part.outputs; first < last; first += atOnce) {
    part.outputs = std::min(atOnce, last - first);
    if constexpr (std::is_same_v<Element, float>) {
      reading.readFloats(weight, first, first + part.outputs, numbers);
    } else {
      reading.readHalves(weight, first, first + part.outputs, numbers);
    }
    kernels.multiply(product, part, scratch);
    part.column += part.outputs;
  }
}

template <typename Element>
void multiplyInto(
    at::Tensor &out, const at::Tensor &x, const std::vector<StoredWeight> &weights, const Element *residual) {
  static const RowProductTable tables[] = {
      tableAt(CT_KERNELS_PLAIN), tableAt(CT_KERNELS_AVX2), tableAt(CT_KERNELS_AVX512), tableAt(CT_KERNELS_AVX512_BF16),
      tableAt(CT_KERNELS_AMX)};
  const RowProductKernels<Element> &kernels = kernelsOf<Element>(tables[processorPaths().kernels]);
  const int64_t rows = x.size(0), inner = x.size(1);
  const Outputs<Element> outputs(weights, kernels.outputGroup);
  at::Tensor packed = at::empty({int64_t(kernels.packedBytes(rows, inner))}, at::kByte);
  const RowProduct<Element> product = {
      .rows = rows,
      .inner = inner,
      .columns = outputs.columns,
      .packed = packed.mutable_data_ptr(),
      .residual = residual,
      .out = data<Element>(out)};
  const Element *source = constData<Element>(x);
  const int64_t packs = dividedUp(rows, kernels.packedRows);
  parallelFor(0, packs, rows * inner <= fewElements ? packs : 1, [&](int64_t first, int64_t last) {
    kernels.pack(product, source, first * kernels.packedRows, std::min(rows, last * kernels.packedRows));
  });
  const bool hasBlocks = std::any_of(
      outputs.weights.begin(), outputs.weights.end(), [](const auto &weight) { return weight.blocks; });
  const WeightRowKernels &reading = weightRowKernels();
  const int64_t blockBytes = rows <= fewRows ? blockBytesOfFew : blockBytesOfMany;
  const int64_t atOnce = std::clamp<int64_t>(
      blockBytes / (std::max<int64_t>(1, inner) * int64_t(sizeof(Element))) / leastOutputs * leastOutputs, leastOutputs,
      std::max(leastOutputs, kernels.outputGroup));
  const size_t ownScratchBytes = (kernels.scratchBytes(rows) + 63) / 64 * 64;
  const size_t scratchBytes = ownScratchBytes + (hasBlocks ? size_t(atOnce * inner) * sizeof(Element) : 0);
  const int64_t parts = dividedUp(rows, kernels.rowsOfPart);
  const int64_t rowsOfEach = std::min(rows, kernels.rowsOfPart);
  const int64_t productsOfGroup = std::max<int64_t>(1, kernels.outputGroup * inner * rowsOfEach);
  parallelFor(0, parts * outputs.groups, fewProducts / productsOfGroup, [&](int64_t first, int64_t last) {
    void *const scratch = scratchOfThisThread(scratchBytes);
    auto *const numbers = reinterpret_cast<Element *>(static_cast<char *>(scratch) + ownScratchBytes);
    while (first < last) {
      // As many groups as belong to the same rows and the same weight.
      const int64_t part = first / outputs.groups, group = first % outputs.groups;
      const auto &weight = outputs.weightOf(group);
      const int64_t output = (group - weight.firstGroup) * kernels.outputGroup;
      const int64_t groups = std::min(last - first, dividedUp(weight.outputs - output, kernels.outputGroup));
      RowProductPart<Element> chosen = {
          .weight = nullptr,
          .outputs = std::min(groups * kernels.outputGroup, weight.outputs - output),
          .column = weight.column + output,
          .firstRow = part * kernels.rowsOfPart,
          .lastRow = std::min(rows, (part + 1) * kernels.rowsOfPart)};
      if (weight.blocks) {
        multiplyBlocks(kernels, reading, product, *weight.blocks, output, chosen, atOnce, numbers, scratch);
      } else {
        chosen.weight = weight.values + output * inner;
        kernels.multiply(product, chosen, scratch);
      }
      first += groups;
    }
  });
}

at::Tensor multipliedByATen(const at::Tensor &x, const std::vector<at::Tensor> &weights, const at::Tensor *residual) {
  const at::Tensor rows = isWidened(x) ? x.to(at::kFloat) : x;
  std::vector<at::Tensor> parts;
  for (const at::Tensor &weight : weights) parts.push_back(at::linear(rows, weight.to(rows.scalar_type())));
  const at::Tensor joined = parts.size() == 1 ? parts[0] : at::cat(parts, 1);
  return (residual ? joined + *residual : joined).to(x.scalar_type());
}

at::Tensor multiplyRows(const at::Tensor &x, const ct_weight *weights, int32_t count, const at::Tensor *residual) {
  expect(count > 0, "there are no weights");
  expect(x.dim() == 2, "expected rows [rows, in]");
  std::vector<at::Tensor> plain;
  std::vector<StoredWeight> stored;
  int64_t outputs = 0;
  for (int32_t i = 0; i < count; ++i) {
    expect(weights[i].values, "a weight is missing");
    if (weights[i].format == CT_WEIGHT_PLAIN) {
      const at::Tensor &weight = weights[i].values->value;
      expect(weight.dim() == 2 && weight.size(1) == x.size(1), "expected weights [out, in]");
      expect(weight.device() == x.device(), "the weights are on another device");
      expect(weight.scalar_type() == x.scalar_type(), "the weights are of another dtype than the rows");
      plain.push_back(weight.contiguous());
      stored.push_back(
          {.format = CT_WEIGHT_PLAIN, .values = x.is_cpu() ? plain.back().const_data_ptr() : nullptr, .scales = nullptr,
           .outputs = weight.size(0), .inner = weight.size(1), .headDimension = 0, .element = {}});
    } else {
      expect(x.is_cpu(), "weights of this format are for products on a CPU");
      stored.push_back(storedWeight(weights[i]));
      expect(stored.back().inner == x.size(1), "the weights are for rows of another width");
    }
    outputs += stored.back().outputs;
  }
  expect(
      !residual || (residual->dim() == 2 && residual->size(0) == x.size(0) && residual->size(1) == outputs &&
                    residual->scalar_type() == x.scalar_type() && residual->device() == x.device()),
      "the residual is not [rows, sum of outputs] of the rows' dtype");
  if (!hasRowKernels(x)) {
    if (plain.size() < stored.size()) {
      plain.clear();
      for (int32_t i = 0; i < count; ++i) {
        plain.push_back(
            weights[i].format == CT_WEIGHT_PLAIN ? weights[i].values->value
                                                 : numbers(stored[size_t(i)], at::kFloat).to(x.scalar_type()));
      }
    }
    return multipliedByATen(x, plain, residual);
  }
  const at::Tensor rows = x.contiguous(), added = residual ? residual->contiguous() : at::Tensor();
  at::Tensor out = at::empty({x.size(0), outputs}, x.options());
  const auto isInt8 = [](const StoredWeight &weight) { return weight.format == CT_WEIGHT_INT8; };
  if (std::any_of(stored.begin(), stored.end(), isInt8)) {
    expect(std::all_of(stored.begin(), stored.end(), isInt8), "int8 weights are multiplied among themselves");
    multiplyInt8(out, rows, stored, residual ? &added : nullptr);
    return out;
  }
  if (out.numel() == 0) return out;
  withElement(x, [&](auto element) {
    using Element = decltype(element);
    multiplyInto<Element>(out, rows, stored, residual ? constData<Element>(added) : nullptr);
  });
  return out;
}

}  // namespace
}  // namespace ctorch

using namespace ctorch;

ct_status ct_multiply_rows(
    const ct_tensor *x, const ct_weight *weights, int32_t count, const ct_tensor *residual, ct_tensor **out) {
  return guarded("linear", {x, count > 0 ? weights[0].values : nullptr, residual}, [&] {
    at::NoGradGuard guard;
    give(out, multiplyRows(x->value, weights, count, residual ? &residual->value : nullptr));
  });
}
