// Kernels for products of rows with weights, for several instruction sets. `Element` is float or c10::BFloat16.
//
// Each sum is made in one order, whatever the number of rows: a row of the result is, bit for bit, a function of its
// own row of x and of the kernels.
#pragma once

#include <c10/util/BFloat16.h>

#include <cstddef>
#include <cstdint>

#include "CTorch.h"

namespace ctorch {

// What a call multiplies.
template <typename Element>
struct RowProduct {
  int64_t rows, inner;
  int64_t columns;          // of the result: the outputs of all weights
  void *packed;             // the rows of x, as RowProductKernels.pack lays them out
  const Element *residual;  // [rows, columns], or null
  Element *out;             // [rows, columns]
};

// What one thread multiplies at a time: some outputs of one weight and some rows.
template <typename Element>
struct RowProductPart {
  const Element *weight;  // [outputs, inner]
  int64_t outputs;
  int64_t column;  // of the first output
  int64_t firstRow, lastRow;
};

template <typename Element>
struct RowProductKernels {
  int64_t packedRows;   // Rows of x are packed in groups of so many.
  int64_t rowsOfPart;   // Most rows of a part, a multiple of packedRows; parts begin at multiples.
  int64_t outputGroup;  // Parts of fewer outputs, or of no multiple of it, are slower.

  size_t (*packedBytes)(int64_t rows, int64_t inner);
  // Packs the rows first ..< last of x [rows, inner] into product.packed; `first` is a multiple of packedRows.
  void (*pack)(const RowProduct<Element> &product, const Element *x, int64_t first, int64_t last);
  // Scratch of a thread. All scratch and packed memory begins at a multiple of 64 bytes.
  size_t (*scratchBytes)(int64_t rows);
  void (*multiply)(const RowProduct<Element> &product, const RowProductPart<Element> &part, void *scratch);
};

// The kernels of each level: of `float` and of c10::BFloat16.
struct RowProductTable {
  RowProductKernels<float> floats;
  RowProductKernels<c10::BFloat16> halves;
};
RowProductTable plainRowProducts();
#if defined(__x86_64__)
RowProductTable avx2RowProducts();
RowProductTable avx512RowProducts();
RowProductKernels<c10::BFloat16> avx512BF16RowProducts();
RowProductKernels<c10::BFloat16> amxRowProducts();
#endif

}  // namespace ctorch
