#include "TrainingProducts.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <climits>

#include "Elements.hpp"

namespace ctorch {
namespace {

// A matrix as BLAS takes it: rows `stride` elements apart, or its columns.
struct Layout {
  bool isTransposed;
  int64_t stride;

  static std::optional<Layout> of(const at::Tensor &x) {
    const int64_t rows = x.size(0), columns = x.size(1);
    if (x.stride(1) == 1 && (x.stride(0) >= columns || rows == 1)) return Layout{false, std::max(x.stride(0), columns)};
    if (x.stride(0) == 1 && (x.stride(1) >= rows || columns == 1)) return Layout{true, std::max(x.stride(1), rows)};
    return std::nullopt;
  }

  static at::Tensor orCopy(const at::Tensor &x) { return of(x) ? x : x.contiguous(); }
};

// out = beta · out + alpha · left · right of bfloat16 matrices with float32 sums and a float32 out, by the function of
// MKL that libtorch was built with: ATen has no operator for it on a CPU. False where this libtorch does not show the
// function. With 256 rows and a weight [49152, 576] it takes 0.06 s on two cores of an Intel Sapphire Rapids, where
// widening the matrices takes 0.20 s and a product that rounds its sums 0.02 s.
bool multiplyIntoFloat32(
    at::Tensor &out, const at::Tensor &left, const at::Tensor &right, double beta, double alpha) {
  using Gemm = void (*)(
      int order, int transposeLeft, int transposeRight, int rows, int columns, int inner, float alpha, const void *left,
      int leftStride, const void *right, int rightStride, float beta, float *out, int outStride);
  static const auto gemm = reinterpret_cast<Gemm>(dlsym(RTLD_DEFAULT, "cblas_gemm_bf16bf16f32"));
  constexpr int rowMajor = 101, plain = 111, transposed = 112;
  const at::Tensor l = Layout::orCopy(left), r = Layout::orCopy(right);
  const auto leftLayout = Layout::of(l), rightLayout = Layout::of(r), outLayout = Layout::of(out);
  const int64_t largest = std::max({l.numel(), r.numel(), out.numel(), out.stride(0), out.stride(1)});
  if (!gemm || !outLayout || outLayout->isTransposed || l.numel() == 0 || r.numel() == 0 || largest > INT_MAX) {
    return false;
  }
  gemm(
      rowMajor, leftLayout->isTransposed ? transposed : plain, rightLayout->isTransposed ? transposed : plain,
      int(out.size(0)), int(out.size(1)), int(l.size(1)), float(alpha), l.const_data_ptr(), int(leftLayout->stride),
      r.const_data_ptr(), int(rightLayout->stride), float(beta), static_cast<float *>(out.mutable_data_ptr()),
      int(outLayout->stride));
  return true;
}

// out = beta · out + alpha · left · right, left and right of one dtype of products, out of the same or wider or
// narrower.
void multiplyAlike(at::Tensor &out, const at::Tensor &left, const at::Tensor &right, double beta, double alpha) {
  const at::ScalarType dtype = left.scalar_type();
  if (out.scalar_type() == dtype) {
    out.addmm_(left, right, beta, alpha);
  } else if (out.element_size() < int64_t(c10::elementSize(dtype))) {
    // The sum is made in the wider dtype and rounded once.
    out.copy_(beta == 0 ? at::mm(left, right).mul_(alpha) : out.to(dtype).addmm_(left, right, beta, alpha));
  } else if (out.is_cpu()) {
    if (dtype == at::kBFloat16 && multiplyIntoFloat32(out, left, right, beta, alpha)) return;
    out.addmm_(left.to(out.scalar_type()), right.to(out.scalar_type()), beta, alpha);
  } else if (beta == 0) {
    out.copy_(at::mm(left, right).mul_(alpha));
  } else {
    if (beta != 1) out.mul_(beta);
    out.add_(at::mm(left, right), alpha);
  }
}

}  // namespace

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

}  // namespace ctorch
