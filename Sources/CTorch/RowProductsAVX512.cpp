// Products of rows with AVX-512.
#include <algorithm>
#include <cstring>
#include <type_traits>

#include "RowMath.hpp"
#include "RowProducts.hpp"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("arch=x86-64-v4"))), apply_to = function)

namespace ctorch {
namespace {

constexpr int lanes = 16;
constexpr int64_t groupRows = 6;

#include "RowProductsLanes.hpp"

}  // namespace

RowProductTable avx512RowProducts() { return {kernels<Floats>(), kernels<Halves>()}; }

}  // namespace ctorch

#pragma clang attribute pop
#endif
