// Writing results of 16 outputs by AVX-512.
#pragma once

#if defined(__x86_64__)
#include <immintrin.h>

#include "QuantizedProducts.hpp"

#define LANES __attribute__((target("arch=x86-64-v4")))

namespace ctorch {
namespace {

// float32 to bfloat16 as `store` rounds.
LANES inline __m256i rounded(__m512 values) {
  const __m512i bits = _mm512_castps_si512(values);
  const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
  const __m512i up = _mm512_add_epi32(_mm512_add_epi32(bits, _mm512_set1_epi32(0x7fff)), odd);
  const __mmask16 isNumber = _mm512_cmp_ps_mask(values, values, _CMP_ORD_Q);
  return _mm512_cvtepi32_epi16(
      _mm512_mask_blend_epi32(isNumber, _mm512_set1_epi32(0x7fc0), _mm512_srli_epi32(up, 16)));
}

// Results of one row and up to 16 outputs.
LANES inline void writeLanes(
    const Results &results, int64_t r, int64_t o, __mmask16 mask, __m512 sums, float rowScale) {
  const int64_t place = r * results.stride + o;
  __m512 added = _mm512_setzero_ps();
  if (results.isHalf) {
    if (const auto *residual = static_cast<const uint16_t *>(results.residual)) {
      const __m512i wide = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask, residual + place));
      added = _mm512_castsi512_ps(_mm512_slli_epi32(wide, 16));
    }
    const __m512 result = _mm512_fmadd_ps(sums, _mm512_set1_ps(rowScale), added);
    _mm256_mask_storeu_epi16(static_cast<uint16_t *>(results.out) + place, mask, rounded(result));
  } else {
    if (const auto *residual = static_cast<const float *>(results.residual)) {
      added = _mm512_maskz_loadu_ps(mask, residual + place);
    }
    const __m512 result = _mm512_fmadd_ps(sums, _mm512_set1_ps(rowScale), added);
    _mm512_mask_storeu_ps(static_cast<float *>(results.out) + place, mask, result);
  }
}

}  // namespace
}  // namespace ctorch

#endif
