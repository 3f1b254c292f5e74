// Products of rows with AVX2.
#include <algorithm>
#include <cstring>
#include <type_traits>

#include "RowMath.hpp"
#include "RowProducts.hpp"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("arch=x86-64-v3"))), apply_to = function)

namespace ctorch {
namespace {

constexpr int lanes = 8;
constexpr int64_t groupRows = 3;

#include "RowProductsLanes.hpp"

}  // namespace

RowProductTable avx2RowProducts() { return {kernels<Floats>(), kernels<Halves>()}; }

}  // namespace ctorch

#pragma clang attribute pop
#endif
