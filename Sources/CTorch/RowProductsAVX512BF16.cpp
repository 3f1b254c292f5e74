// Products of rows of bfloat16 by the processor's own, two per lane and step.
#include <algorithm>
#include <cstring>
#include <type_traits>

#include "RowMath.hpp"
#include "RowProducts.hpp"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("arch=x86-64-v4,avx512bf16"))), apply_to = function)

namespace ctorch {
namespace {

constexpr int lanes = 16;
constexpr int64_t groupRows = 6;

#include "RowProductsLanes.hpp"

struct Pairs {
  using Element = Half;
  static constexpr int64_t bytesOfX = 2;
  static constexpr int steps = 1;
  static constexpr int64_t elements = 2 * lanes;
  using Read = __m512bh;
  static INLINE Read read(const Half *w) { return (__m512bh)_mm512_loadu_si512(w); }
  static INLINE Vector add(Vector sum, const Read &w, int, const char *x) {
    return _mm512_dpbf16_ps(sum, w, (__m512bh)_mm512_loadu_si512(x));
  }
  static INLINE void pack(const Half *x, char *target, int64_t) { std::memcpy(target, x, sizeof(Vector)); }
};

}  // namespace

RowProductKernels<Half> avx512BF16RowProducts() { return kernels<Pairs>(); }

}  // namespace ctorch

#pragma clang attribute pop
#endif
