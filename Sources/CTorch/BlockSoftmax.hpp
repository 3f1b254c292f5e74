// Exponentials of a chunk's scores with AVX-512.
#pragma once

#if defined(__x86_64__)
#include <immintrin.h>

#include <cstdint>

namespace ctorch {
namespace {

#define AVX512 __attribute__((always_inline, target("avx512f,avx512bw,avx512dq,avx512vl")))

// 2^x to about 2^-23 of it, 0 where x is far below: 2^n by the exponent bits, 2^r with |r| <= 1/2 by a polynomial
// (least largest relative error of degree 5, by fitting).
AVX512 inline __m512 powerOfTwo(__m512 x) {
  const __m512 n = _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  const __m512 r = _mm512_sub_ps(x, n);
  __m512 p = _mm512_fmadd_ps(_mm512_set1_ps(1.326472683853318e-3f), r, _mm512_set1_ps(9.671512665325108e-3f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(5.5507337444448246e-2f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.24022242084815465f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.6931469775983338f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f));
  return _mm512_scalef_ps(p, n);
}

// The largest of scale · scores[0 ..< count].
AVX512 inline float largestScaled(const float *scores, int64_t count, __m512 scale) {
  __m512 largest = _mm512_set1_ps(-__builtin_inff());
  int64_t i = 0;
  for (; i + 16 <= count; i += 16) largest = _mm512_max_ps(largest, _mm512_mul_ps(_mm512_loadu_ps(scores + i), scale));
  if (i < count) {
    const __mmask16 mask = __mmask16((1u << (count - i)) - 1);
    const __m512 last = _mm512_mul_ps(_mm512_maskz_loadu_ps(mask, scores + i), scale);
    largest = _mm512_mask_max_ps(largest, mask, largest, last);
  }
  return _mm512_reduce_max_ps(largest);
}

}  // namespace
}  // namespace ctorch
#endif
