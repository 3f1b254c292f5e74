// What the row kernels share: compilation for several instruction sets, reading and writing elements, the exponential.
#pragma once

#include <c10/util/BFloat16.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "ProcessorPaths.hpp"

#define BODY template <typename Element> static inline __attribute__((always_inline))

namespace ctorch {
namespace {

// One body, compiled for each instruction set: Compiled<body>::at(level) is the function to call. The body must be a
// BODY, so that it becomes part of the functions here and is compiled with their instructions.
template <auto body>
struct Compiled;
template <typename Result, typename... Arguments, Result (*body)(Arguments...)>
struct Compiled<body> {
  static Result plain(Arguments... arguments) { return body(arguments...); }
#if defined(__x86_64__)
  __attribute__((target("arch=x86-64-v3"))) static Result avx2(Arguments... arguments) { return body(arguments...); }
  __attribute__((target("arch=x86-64-v4"))) static Result avx512(Arguments... arguments) { return body(arguments...); }
#endif

  static constexpr auto at(ct_kernels level) -> Result (*)(Arguments...) {
    switch (level) {
#if defined(__x86_64__)
      case CT_KERNELS_AVX2: return avx2;
      case CT_KERNELS_AVX512:
      case CT_KERNELS_AVX512_BF16:
      case CT_KERNELS_AMX: return avx512;
#endif
      default: return plain;
    }
  }
};

// The kernels of the calling thread's level, from a table that `kernelsAt(level)` fills once.
template <auto kernelsAt>
const auto &kernelsOfThisThread() {
  static const decltype(kernelsAt(CT_KERNELS_PLAIN)) tables[] = {
      kernelsAt(CT_KERNELS_PLAIN), kernelsAt(CT_KERNELS_AVX2), kernelsAt(CT_KERNELS_AVX512),
      kernelsAt(CT_KERNELS_AVX512_BF16), kernelsAt(CT_KERNELS_AMX)};
  return tables[processorPaths().kernels];
}

static inline __attribute__((always_inline)) float load(float value) { return value; }
static inline __attribute__((always_inline)) float load(c10::BFloat16 value) {
  const uint32_t bits = uint32_t(value.x) << 16;
  float result;
  std::memcpy(&result, &bits, 4);
  return result;
}

template <typename Element>
Element store(float value) = delete;
template <>
inline __attribute__((always_inline)) float store<float>(float value) {
  return value;
}
// Round to nearest, ties to even; NaN keeps being one.
template <>
inline __attribute__((always_inline)) c10::BFloat16 store<c10::BFloat16>(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  const uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  const uint32_t result = value != value ? 0x7fc0u : rounded;
  c10::BFloat16 half;
  half.x = uint16_t(result);
  return half;
}

// e^x to about 2 units in the last place of float32, without branches so that loops vectorise:
// x = n·ln 2 + r with |r| <= ln 2 / 2, e^r by its Taylor polynomial of degree 7, 2^n by the exponent bits.
static inline __attribute__((always_inline)) float exponential(float x) {
  x = x < -87.0f ? -87.0f : (x > 88.0f ? 88.0f : x);
  const float n = __builtin_rintf(x * 1.44269504088896341f);
  float r = __builtin_fmaf(n, -0.693359375f, x);  // ln 2 in two parts (Cody and Waite)
  r = __builtin_fmaf(n, 2.12194440e-4f, r);
  float p = 1.9841270e-4f;
  p = __builtin_fmaf(p, r, 1.3888889e-3f);
  p = __builtin_fmaf(p, r, 8.3333333e-3f);
  p = __builtin_fmaf(p, r, 4.1666667e-2f);
  p = __builtin_fmaf(p, r, 1.6666667e-1f);
  p = __builtin_fmaf(p, r, 0.5f);
  p = __builtin_fmaf(p, r, 1.0f);
  p = __builtin_fmaf(p, r, 1.0f);
  const uint32_t bits = uint32_t(int32_t(n) + 127) << 23;
  float power;
  std::memcpy(&power, &bits, 4);
  return p * power;
}

// The largest of a row, by partial maxima so that the loop vectorises without assuming away NaN.
static inline __attribute__((always_inline)) float largest(const float *row, int64_t count) {
  constexpr int64_t lanes = 64;
  float partial[lanes];
  for (int64_t j = 0; j < lanes; ++j) partial[j] = -INFINITY;
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    for (int64_t j = 0; j < lanes; ++j) partial[j] = row[i + j] > partial[j] ? row[i + j] : partial[j];
  }
  for (; i < count; ++i) partial[0] = std::max(partial[0], row[i]);
  float maximum = -INFINITY;
  for (int64_t j = 0; j < lanes; ++j) maximum = std::max(maximum, partial[j]);
  return maximum;
}

}  // namespace
}  // namespace ctorch
