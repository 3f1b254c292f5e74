// Products of few rows with a weight matrix that is read once, in the order of memory.
#include "RowKernels.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <algorithm>
#include <type_traits>
#include <vector>

#include "RowMath.hpp"

namespace ctorch {
namespace {

// Dot products of `rows` input rows with one row of weights.
template <int64_t rows, typename Element>
static inline __attribute__((always_inline)) void multiplyRows(
    const float *x, int64_t inner, const Element *w, int64_t outputs, const Element *residual, Element *out) {
#pragma clang fp reassociate(on) contract(fast)
  float sums[rows] = {};
  for (int64_t i = 0; i < inner; ++i) {
    const float value = load(w[i]);
    for (int64_t r = 0; r < rows; ++r) sums[r] += value * x[r * inner + i];
  }
  for (int64_t r = 0; r < rows; ++r) {
    out[r * outputs] = store<Element>(sums[r] + (residual ? load(residual[r * outputs]) : 0.0f));
  }
}

// The weights are read once, in the order of memory, whatever the number of rows.
BODY void streamedProductBody(
    const float *x, int64_t rows, int64_t inner, const Element *weight, int64_t begin, int64_t end, int64_t outputs,
    const Element *residual, Element *out) {
  for (int64_t o = begin; o < end; ++o) {
    const Element *w = weight + o * inner;
    int64_t r = 0;
    const auto multiply = [&](auto count) __attribute__((always_inline)) {
      const int64_t place = r * outputs + o;
      multiplyRows<decltype(count)::value>(
          x + r * inner, inner, w, outputs, residual ? residual + place : nullptr, out + place);
      r += decltype(count)::value;
    };
    while (rows - r >= 4) multiply(std::integral_constant<int64_t, 4>());
    if (rows - r >= 2) multiply(std::integral_constant<int64_t, 2>());
    if (rows - r >= 1) multiply(std::integral_constant<int64_t, 1>());
  }
}

using Half = c10::BFloat16;

#if defined(__x86_64__)
// The same with the processor's own bfloat16 products, two per lane and step.
template <int64_t rows>
__attribute__((target("avx512f,avx512bw,avx512vl,avx512bf16"))) void streamRowsBF16(
    const Half *x, int64_t inner, const Half *weight, int64_t begin, int64_t end, int64_t outputs,
    const Half *residual, Half *out) {
  const int64_t whole = inner / 32 * 32;
  const __mmask32 rest = (1u << (inner - whole)) - 1;
  for (int64_t o = begin; o < end; ++o) {
    const Half *w = weight + o * inner;
    __m512 sums[rows], more[rows];
    for (int64_t r = 0; r < rows; ++r) sums[r] = more[r] = _mm512_setzero_ps();
    int64_t i = 0;
    for (; i + 64 <= whole; i += 64) {
      _mm_prefetch(reinterpret_cast<const char *>(w + i) + 2048, _MM_HINT_T0);
      _mm_prefetch(reinterpret_cast<const char *>(w + i) + 2112, _MM_HINT_T0);
      const __m512bh first = (__m512bh)_mm512_loadu_si512(w + i), second = (__m512bh)_mm512_loadu_si512(w + i + 32);
      for (int64_t r = 0; r < rows; ++r) {
        const Half *row = x + r * inner + i;
        sums[r] = _mm512_dpbf16_ps(sums[r], first, (__m512bh)_mm512_loadu_si512(row));
        more[r] = _mm512_dpbf16_ps(more[r], second, (__m512bh)_mm512_loadu_si512(row + 32));
      }
    }
    for (; i < inner; i += 32) {
      const __mmask32 mask = i < whole ? ~__mmask32(0) : rest;
      const __m512bh part = (__m512bh)_mm512_maskz_loadu_epi16(mask, w + i);
      for (int64_t r = 0; r < rows; ++r) {
        const __m512bh row = (__m512bh)_mm512_maskz_loadu_epi16(mask, x + r * inner + i);
        sums[r] = _mm512_dpbf16_ps(sums[r], part, row);
      }
    }
    for (int64_t r = 0; r < rows; ++r) {
      const float sum = _mm512_reduce_add_ps(_mm512_add_ps(sums[r], more[r]));
      out[r * outputs + o] = store<Half>(sum + (residual ? load(residual[r * outputs + o]) : 0.0f));
    }
  }
}

void streamedProductBF16(
    const Half *x, int64_t rows, int64_t inner, const Half *weight, int64_t begin, int64_t end, int64_t outputs,
    const Half *residual, Half *out) {
  switch (rows) {
#define CASE(count) \
  case count: return streamRowsBF16<count>(x, inner, weight, begin, end, outputs, residual, out);
    CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8)
#undef CASE
  }
}

// Without those: the two halves of each 32-bit lane are float32 values after a shift or a mask, which is half the work
// of widening 16-bit lanes. `even` and `odd` hold the inputs' elements of even and odd place, [rows, pairs]. Up to
// eight sums are under way at once, of several rows or several outputs, because each waits for its last addition. Every
// sum is made in the same order, so that a row's result does not depend on the others. results[r * stride + o] are
// float32.
template <int64_t rows, int64_t outputs>
__attribute__((target("avx2,fma"))) static inline void multiplyBlockAVX2(
    const float *even, const float *odd, int64_t inner, const Half *w, float *results, int64_t stride) {
  const __m256i upper = _mm256_set1_epi32(int(0xffff0000u));
  const int64_t pairs = (inner + 1) / 2;
  // The processor follows long rows by itself; of short ones the next group is fetched while this one is multiplied.
  const bool isShort = inner <= 2048;
  const char *next = reinterpret_cast<const char *>(w + outputs * inner);
  __m256 sums[rows][outputs];
  for (auto &row : sums) {
    for (__m256 &sum : row) sum = _mm256_setzero_ps();
  }
  int64_t i = 0;
  for (; i + 16 <= inner; i += 16) {
    if (isShort) {
      for (int64_t line = 0; line < outputs; line += 2) _mm_prefetch(next + 2 * outputs * i + 32 * line, _MM_HINT_T0);
    }
    for (int64_t o = 0; o < outputs; ++o) {
      const __m256i both = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(w + o * inner + i));
      const __m256 low = _mm256_castsi256_ps(_mm256_slli_epi32(both, 16));
      const __m256 high = _mm256_castsi256_ps(_mm256_and_si256(both, upper));
      for (int64_t r = 0; r < rows; ++r) {
        const int64_t place = r * pairs + i / 2;
        sums[r][o] = _mm256_fmadd_ps(low, _mm256_loadu_ps(even + place), sums[r][o]);
        sums[r][o] = _mm256_fmadd_ps(high, _mm256_loadu_ps(odd + place), sums[r][o]);
      }
    }
  }
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t o = 0; o < outputs; ++o) {
      float lanes[8];
      _mm256_storeu_ps(lanes, sums[r][o]);
      float sum = ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
      for (int64_t k = i; k < inner; ++k) sum += load(w[o * inner + k]) * (k % 2 ? odd : even)[r * pairs + k / 2];
      results[r * stride + o] = sum;
    }
  }
}

// All rows with `outputs` rows of weights: results [rows, outputs].
template <int64_t outputs>
__attribute__((target("avx2,fma"))) static void multiplyOutputsAVX2(
    const float *even, const float *odd, int64_t rows, int64_t inner, const Half *w, float *results) {
  const int64_t pairs = (inner + 1) / 2;
  int64_t r = 0;
  const auto multiply = [&](auto count) __attribute__((always_inline, target("avx2,fma"))) {
    constexpr int64_t block = decltype(count)::value, width = std::min<int64_t>(outputs, 8 / block);
    for (int64_t o = 0; o < outputs; o += width) {
      multiplyBlockAVX2<block, width>(
          even + r * pairs, odd + r * pairs, inner, w + o * inner, results + r * outputs + o, outputs);
    }
    r += block;
  };
  while (rows - r >= 4) multiply(std::integral_constant<int64_t, 4>());
  if (rows - r >= 2) multiply(std::integral_constant<int64_t, 2>());
  if (rows - r >= 1) multiply(std::integral_constant<int64_t, 1>());
}

__attribute__((target("avx2,fma"))) void streamedProductAVX2(
    const Half *x, int64_t rows, int64_t inner, const Half *weight, int64_t begin, int64_t end, int64_t outputs,
    const Half *residual, Half *out) {
  constexpr int64_t group = 8;
  const int64_t pairs = (inner + 1) / 2;
  std::vector<float> scratch(size_t(2 * rows * pairs + rows * group));
  float *even = scratch.data(), *odd = even + rows * pairs, *sums = odd + rows * pairs;
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t i = 0; i < inner; ++i) (i % 2 ? odd : even)[r * pairs + i / 2] = load(x[r * inner + i]);
  }
  for (int64_t o = begin; o < end;) {
    const int64_t count = end - o >= group ? group : 1;
    const Half *w = weight + o * inner;
    if (count == group) {
      multiplyOutputsAVX2<group>(even, odd, rows, inner, w, sums);
    } else {
      multiplyOutputsAVX2<1>(even, odd, rows, inner, w, sums);
    }
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t k = 0; k < count; ++k) {
        const int64_t place = r * outputs + o + k;
        out[place] = store<Half>(sums[r * count + k] + (residual ? load(residual[place]) : 0.0f));
      }
    }
    o += count;
  }
}

#endif

// Element by element, whatever the processor.
void streamedProductPlain(
    const Half *x, int64_t rows, int64_t inner, const Half *weight, int64_t begin, int64_t end, int64_t outputs,
    const Half *residual, Half *out) {
  std::vector<float> wide(size_t(rows * inner));
  for (size_t i = 0; i < wide.size(); ++i) wide[i] = load(x[i]);
  streamedProductBody(wide.data(), rows, inner, weight, begin, end, outputs, residual, out);
}

StreamedProduct<float> productOfFloats(ct_kernels level) {
  return {.maximumRows = 8, .multiply = Compiled<streamedProductBody<float>>::at(level)};
}

StreamedProduct<Half> productOfHalves(ct_kernels level) {
  switch (level) {
#if defined(__x86_64__)
    case CT_KERNELS_AVX2:
    case CT_KERNELS_AVX512: return {.maximumRows = 64, .multiply = streamedProductAVX2};
    case CT_KERNELS_AVX512_BF16:
    case CT_KERNELS_AMX: return {.maximumRows = 8, .multiply = streamedProductBF16};
#endif
    default: return {.maximumRows = 8, .multiply = streamedProductPlain};
  }
}

}  // namespace

template <>
const StreamedProduct<float> &streamedProduct() {
  return kernelsOfThisThread<productOfFloats>();
}
template <>
const StreamedProduct<Half> &streamedProduct() {
  return kernelsOfThisThread<productOfHalves>();
}

}  // namespace ctorch
