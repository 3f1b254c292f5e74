// What operators with row kernels share: checks, access to elements, how rows are given to threads.
#pragma once

#include <algorithm>

#include "ProcessorPaths.hpp"
#include "Support.hpp"

namespace ctorch {

inline void expect(bool condition, const char *message) {
  if (!condition) throw Failure{CT_ERROR_ARGUMENT, message};
}

// Whether there are row kernels for this tensor: a CPU tensor of float32 or bfloat16.
inline bool fitsRowKernels(const at::Tensor &x) {
  return x.is_cpu() && (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16);
}

// Whether the row kernels take this tensor on this thread, rather than ATen's operators.
inline bool hasRowKernels(const at::Tensor &x) { return fitsRowKernels(x) && processorPaths().own_row_kernels; }

// Whether products of this tensor run in float32, each operand widened: without bfloat16 instructions ATen's own take
// 30 to 60 times as long as in float32.
inline bool isWidened(const at::Tensor &x) {
  return x.is_cpu() && x.scalar_type() == at::kBFloat16 && !processorPaths().native_bfloat16_products;
}

template <typename Body>
void withElement(const at::Tensor &x, Body &&body) {
  if (x.scalar_type() == at::kFloat) {
    body(float());
  } else {
    body(at::BFloat16());
  }
}

// The untyped accessors: the typed ones' mangled names differ between the compilers that built libtorch and this.
template <typename Element>
const Element *constData(const at::Tensor &x) {
  return static_cast<const Element *>(x.const_data_ptr());
}
template <typename Element>
Element *data(at::Tensor &x) {
  return static_cast<Element *>(x.mutable_data_ptr());
}

// Rows a thread takes at least, so that a step of one token does not pay for waking threads.
inline int64_t grain(int64_t elementsPerRow) {
  return std::max<int64_t>(1, 16384 / std::max<int64_t>(1, elementsPerRow));
}

}  // namespace ctorch
