#include "RowKernels.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <algorithm>
#include <cmath>
#include <cstring>
#include <type_traits>
#include <vector>

#include "RowMath.hpp"

namespace ctorch {
namespace {

BODY float sumOfSquaresBody(const Element *x, int64_t count) {
#pragma clang fp reassociate(on) contract(fast)
  float sum = 0;
  for (int64_t i = 0; i < count; ++i) {
    const float value = load(x[i]);
    sum += value * value;
  }
  return sum;
}

BODY void scaleByWeightBody(const Element *x, const Element *weight, float scale, Element *out, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    out[i] = store<Element>(load(weight[i]) * load(store<Element>(load(x[i]) * scale)));
  }
}

BODY void siluMultiplyBody(const Element *gate, const Element *up, Element *out, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const float value = load(gate[i]);
    const float silu = value / (1.0f + exponential(-value));
    out[i] = store<Element>(load(store<Element>(silu)) * load(up[i]));
  }
}

BODY void rotateHalfBody(const Element *x, const float *cosine, const float *sine, Element *out, int64_t half) {
  for (int64_t i = 0; i < half; ++i) {
    const float first = load(x[i]), second = load(x[i + half]);
    out[i] = store<Element>(first * cosine[i] - second * sine[i]);
    out[i + half] = store<Element>(second * cosine[i] + first * sine[i]);
  }
}

BODY void maskedSoftmaxBody(Element *row, int64_t valid, int64_t count, float scale) {
#pragma clang fp reassociate(on) contract(fast)
  constexpr int64_t lanes = 64;  // partial maxima, so that the loop vectorises without assuming away NaN
  float partial[lanes];
  for (int64_t j = 0; j < lanes; ++j) partial[j] = -INFINITY;
  int64_t i = 0;
  for (; i + lanes <= valid; i += lanes) {
    for (int64_t j = 0; j < lanes; ++j) {
      const float value = load(row[i + j]);
      partial[j] = value > partial[j] ? value : partial[j];
    }
  }
  for (; i < valid; ++i) partial[0] = std::max(partial[0], load(row[i]));
  float maximum = -INFINITY;
  for (int64_t j = 0; j < lanes; ++j) maximum = std::max(maximum, partial[j]);
  float sum = 0;
  for (int64_t j = 0; j < valid; ++j) sum += exponential((load(row[j]) - maximum) * scale);
  const float inverse = 1.0f / sum;
  for (int64_t j = 0; j < valid; ++j) {
    row[j] = store<Element>(exponential((load(row[j]) - maximum) * scale) * inverse);
  }
  for (int64_t j = valid; j < count; ++j) row[j] = store<Element>(0);
}

BODY void attendRowBody(
    const Element *query, const Element *keys, const Element *values, int64_t length, int64_t dimension, float scale,
    float *scores, float *sums, Element *out) {
#pragma clang fp reassociate(on) contract(fast)
  float maximum = -INFINITY;
  for (int64_t t = 0; t < length; ++t) {
    const Element *key = keys + t * dimension;
    float dot = 0;
    for (int64_t d = 0; d < dimension; ++d) dot += load(query[d]) * load(key[d]);
    scores[t] = dot * scale;
    maximum = scores[t] > maximum ? scores[t] : maximum;
  }
  float sum = 0;
  for (int64_t t = 0; t < length; ++t) {
    scores[t] = exponential(scores[t] - maximum);
    sum += scores[t];
  }
  for (int64_t d = 0; d < dimension; ++d) sums[d] = 0;
  for (int64_t t = 0; t < length; ++t) {
    const Element *value = values + t * dimension;
    const float weight = scores[t];
    for (int64_t d = 0; d < dimension; ++d) sums[d] += weight * load(value[d]);
  }
  const float inverse = 1.0f / sum;
  for (int64_t d = 0; d < dimension; ++d) out[d] = store<Element>(sums[d] * inverse);
}

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

// Without those: the two halves of each 32-bit lane are float32 values after a shift or a mask, which is half the work of
// widening 16-bit lanes. `even` and `odd` hold the inputs' elements of even and odd place, [rows, pairs].
template <int64_t rows>
__attribute__((target("avx2,fma"))) static inline void multiplyRowsAVX2(
    const float *even, const float *odd, int64_t inner, const Half *w, float *sums) {
  const __m256i upper = _mm256_set1_epi32(int(0xffff0000u));
  const int64_t pairs = (inner + 1) / 2;
  __m256 first[rows], second[rows];
  for (int64_t r = 0; r < rows; ++r) first[r] = second[r] = _mm256_setzero_ps();
  int64_t i = 0;
  for (; i + 16 <= inner; i += 16) {
    _mm_prefetch(reinterpret_cast<const char *>(w + i) + 2048, _MM_HINT_T0);
    const __m256i both = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(w + i));
    const __m256 low = _mm256_castsi256_ps(_mm256_slli_epi32(both, 16));
    const __m256 high = _mm256_castsi256_ps(_mm256_and_si256(both, upper));
    for (int64_t r = 0; r < rows; ++r) {
      first[r] = _mm256_fmadd_ps(low, _mm256_loadu_ps(even + r * pairs + i / 2), first[r]);
      second[r] = _mm256_fmadd_ps(high, _mm256_loadu_ps(odd + r * pairs + i / 2), second[r]);
    }
  }
  for (int64_t r = 0; r < rows; ++r) {
    float lanes[8];
    _mm256_storeu_ps(lanes, _mm256_add_ps(first[r], second[r]));
    float sum = ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
    for (int64_t k = i; k < inner; ++k) sum += load(w[k]) * (k % 2 ? odd : even)[r * pairs + k / 2];
    sums[r] = sum;
  }
}

__attribute__((target("avx2,fma"))) void streamedProductAVX2(
    const Half *x, int64_t rows, int64_t inner, const Half *weight, int64_t begin, int64_t end, int64_t outputs,
    const Half *residual, Half *out) {
  const int64_t pairs = (inner + 1) / 2;
  std::vector<float> scratch(size_t(2 * rows * pairs));
  float *even = scratch.data(), *odd = even + rows * pairs;
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t i = 0; i < inner; ++i) (i % 2 ? odd : even)[r * pairs + i / 2] = load(x[r * inner + i]);
  }
  for (int64_t o = begin; o < end; ++o) {
    const Half *w = weight + o * inner;
    float sums[maximumStreamedRows];
    int64_t r = 0;
    for (; rows - r >= 4; r += 4) multiplyRowsAVX2<4>(even + r * pairs, odd + r * pairs, inner, w, sums + r);
    if (rows - r >= 2) multiplyRowsAVX2<2>(even + r * pairs, odd + r * pairs, inner, w, sums + r), r += 2;
    if (rows - r >= 1) multiplyRowsAVX2<1>(even + r * pairs, odd + r * pairs, inner, w, sums + r);
    for (r = 0; r < rows; ++r) {
      const int64_t place = r * outputs + o;
      out[place] = store<Half>(sums[r] + (residual ? load(residual[place]) : 0.0f));
    }
  }
}
#endif

CLONES float sumOfSquaresFloat(const float *x, int64_t n) { return sumOfSquaresBody(x, n); }
CLONES float sumOfSquaresHalf(const Half *x, int64_t n) { return sumOfSquaresBody(x, n); }
CLONES void scaleByWeightFloat(const float *x, const float *w, float s, float *o, int64_t n) {
  scaleByWeightBody(x, w, s, o, n);
}
CLONES void scaleByWeightHalf(const Half *x, const Half *w, float s, Half *o, int64_t n) {
  scaleByWeightBody(x, w, s, o, n);
}
CLONES void siluMultiplyFloat(const float *g, const float *u, float *o, int64_t n) { siluMultiplyBody(g, u, o, n); }
CLONES void siluMultiplyHalf(const Half *g, const Half *u, Half *o, int64_t n) { siluMultiplyBody(g, u, o, n); }
CLONES void rotateHalfFloat(const float *x, const float *c, const float *s, float *o, int64_t n) {
  rotateHalfBody(x, c, s, o, n);
}
CLONES void rotateHalfHalf(const Half *x, const float *c, const float *s, Half *o, int64_t n) {
  rotateHalfBody(x, c, s, o, n);
}
CLONES void maskedSoftmaxFloat(float *row, int64_t valid, int64_t n, float scale) {
  maskedSoftmaxBody(row, valid, n, scale);
}
CLONES void maskedSoftmaxHalf(Half *row, int64_t valid, int64_t n, float scale) {
  maskedSoftmaxBody(row, valid, n, scale);
}
CLONES void attendRowFloat(
    const float *q, const float *k, const float *v, int64_t length, int64_t dimension, float scale, float *scores,
    float *sums, float *out) {
  attendRowBody(q, k, v, length, dimension, scale, scores, sums, out);
}
CLONES void attendRowHalf(
    const Half *q, const Half *k, const Half *v, int64_t length, int64_t dimension, float scale, float *scores,
    float *sums, Half *out) {
  attendRowBody(q, k, v, length, dimension, scale, scores, sums, out);
}

CLONES void streamedProductFloat(
    const float *x, int64_t rows, int64_t inner, const float *weight, int64_t begin, int64_t end, int64_t outputs,
    const float *residual, float *out) {
  streamedProductBody(x, rows, inner, weight, begin, end, outputs, residual, out);
}
CLONES void widen(const Half *x, float *out, int64_t n) {
  for (int64_t i = 0; i < n; ++i) out[i] = load(x[i]);
}
CLONES void streamedProductHalf(
    const float *x, int64_t rows, int64_t inner, const Half *weight, int64_t begin, int64_t end, int64_t outputs,
    const Half *residual, Half *out) {
  streamedProductBody(x, rows, inner, weight, begin, end, outputs, residual, out);
}

}  // namespace

template <>
void streamedProduct(
    const float *x, int64_t rows, int64_t inner, const float *weight, int64_t begin, int64_t end, int64_t outputs,
    const float *residual, float *out) {
  streamedProductFloat(x, rows, inner, weight, begin, end, outputs, residual, out);
}
template <>
void streamedProduct(
    const Half *x, int64_t rows, int64_t inner, const Half *weight, int64_t begin, int64_t end, int64_t outputs,
    const Half *residual, Half *out) {
#if defined(__x86_64__)
  static const bool hasProducts = __builtin_cpu_supports("avx512bf16");
  if (hasProducts) return streamedProductBF16(x, rows, inner, weight, begin, end, outputs, residual, out);
  static const bool hasAVX2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (hasAVX2) return streamedProductAVX2(x, rows, inner, weight, begin, end, outputs, residual, out);
#endif
  std::vector<float> wide(size_t(rows * inner));
  widen(x, wide.data(), rows * inner);
  streamedProductHalf(wide.data(), rows, inner, weight, begin, end, outputs, residual, out);
}
template <>
void attendRow(
    const float *q, const float *k, const float *v, int64_t length, int64_t dimension, float scale, float *scores,
    float *sums, float *out) {
  attendRowFloat(q, k, v, length, dimension, scale, scores, sums, out);
}
template <>
void attendRow(
    const Half *q, const Half *k, const Half *v, int64_t length, int64_t dimension, float scale, float *scores,
    float *sums, Half *out) {
  attendRowHalf(q, k, v, length, dimension, scale, scores, sums, out);
}
template <>
float sumOfSquares(const float *x, int64_t n) {
  return sumOfSquaresFloat(x, n);
}
template <>
float sumOfSquares(const Half *x, int64_t n) {
  return sumOfSquaresHalf(x, n);
}
template <>
void scaleByWeight(const float *x, const float *w, float s, float *o, int64_t n) {
  scaleByWeightFloat(x, w, s, o, n);
}
template <>
void scaleByWeight(const Half *x, const Half *w, float s, Half *o, int64_t n) {
  scaleByWeightHalf(x, w, s, o, n);
}
template <>
void siluMultiply(const float *g, const float *u, float *o, int64_t n) {
  siluMultiplyFloat(g, u, o, n);
}
template <>
void siluMultiply(const Half *g, const Half *u, Half *o, int64_t n) {
  siluMultiplyHalf(g, u, o, n);
}
template <>
void rotateHalf(const float *x, const float *c, const float *s, float *o, int64_t n) {
  rotateHalfFloat(x, c, s, o, n);
}
template <>
void rotateHalf(const Half *x, const float *c, const float *s, Half *o, int64_t n) {
  rotateHalfHalf(x, c, s, o, n);
}
template <>
void maskedSoftmax(float *row, int64_t valid, int64_t n, float scale) {
  maskedSoftmaxFloat(row, valid, n, scale);
}
template <>
void maskedSoftmax(Half *row, int64_t valid, int64_t n, float scale) {
  maskedSoftmaxHalf(row, valid, n, scale);
}

}  // namespace ctorch
