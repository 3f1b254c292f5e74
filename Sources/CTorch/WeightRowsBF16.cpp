// Blocks of ggml to bfloat16 by AVX-512: a block's 16 levels become a table, in which nibbles are looked up. The float
// operations are those of WeightRows.cpp; no level is so small that the instruction takes it for 0.
#include "WeightRows.hpp"

#if defined(__x86_64__)
#include <immintrin.h>

#include <cstring>

#define LEVEL __attribute__((target("arch=x86-64-v4,avx512bf16")))

namespace ctorch {
namespace {

LEVEL inline __m512 half(const uint8_t *bytes) {
  uint16_t bits;
  std::memcpy(&bits, bytes, 2);
  return _mm512_cvtph_ps(_mm256_set1_epi16(int16_t(bits)));
}

LEVEL inline __m512 numbers(float first) {
  const __m512i ramp = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
  return _mm512_add_ps(_mm512_cvtepi32_ps(ramp), _mm512_set1_ps(first));
}

// Twice, so that a fifth bit of what is looked up does not matter.
LEVEL inline __m512i table(__m512 levels) {
  const __m256i rounded = (__m256i)_mm512_cvtneps_pbh(levels);
  return _mm512_inserti64x4(_mm512_castsi256_si512(rounded), rounded, 1);
}

LEVEL inline void lookUp16(const uint8_t *nibbles, __m512i levels, uint16_t *out) {
  const __m256i low = _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i *>(nibbles)));
  const __m512i both = _mm512_inserti64x4(_mm512_castsi256_si512(low), _mm256_srli_epi16(low, 4), 1);
  _mm512_storeu_si512(out, _mm512_permutexvar_epi16(both, levels));
}

LEVEL void rowQ4_0(const uint8_t *row, int64_t inner, uint16_t *out) {
  const __m512 ramp = numbers(-8);
  for (int64_t i = 0; i < inner; i += 32, row += 18) {
    lookUp16(row + 2, table(_mm512_mul_ps(half(row), ramp)), out + i);
  }
}

LEVEL void rowQ4_1(const uint8_t *row, int64_t inner, uint16_t *out) {
#pragma clang fp contract(off)
  const __m512 ramp = numbers(0);
  for (int64_t i = 0; i < inner; i += 32, row += 20) {
    const __m512 scaled = _mm512_mul_ps(half(row), ramp);
    lookUp16(row + 4, table(_mm512_add_ps(scaled, half(row + 2))), out + i);
  }
}

LEVEL void rowQ8_0(const uint8_t *row, int64_t inner, uint16_t *out) {
  for (int64_t i = 0; i < inner; i += 32, row += 34) {
    const __m512 d = half(row);
    const auto *bytes = reinterpret_cast<const __m128i *>(row + 2);
    const __m512 first = _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(bytes)));
    const __m512 second = _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(bytes + 1)));
    const __m512bh both = _mm512_cvtne2ps_pbh(_mm512_mul_ps(second, d), _mm512_mul_ps(first, d));
    _mm512_storeu_si512(out + i, (__m512i)both);
  }
}

LEVEL void rowQ4_K(const uint8_t *row, int64_t inner, uint16_t *out) {
#pragma clang fp contract(off)
  const __m512 ramp = numbers(0);
  for (int64_t i = 0; i < inner; i += 256, row += 144) {
    uint32_t packed[3];
    std::memcpy(packed, row + 4, 12);
    // Six bits each of scales 0 ..< 8, then of minima: GGUF/Dequantize.swift has the layout.
    const uint32_t low = 0x3f3f3f3f, nibble = 0x0f0f0f0f, top = 0x30303030;
    const uint32_t sixes[4] = {
        packed[0] & low, (packed[2] & nibble) | (packed[0] >> 2 & top), packed[1] & low,
        (packed[2] >> 4 & nibble) | (packed[1] >> 2 & top)};
    __m128i bytes;
    std::memcpy(&bytes, sixes, 16);
    const __m512 all = _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(bytes));
    const __m512 factors = _mm512_mask_blend_ps(0xff00, half(row), half(row + 2));
    const __m512 scaled = _mm512_mul_ps(factors, all);
    const auto levels = [&](int j) __attribute__((always_inline, target("arch=x86-64-v4,avx512bf16"))) {
      const __m512 scale = _mm512_permutexvar_ps(_mm512_set1_epi32(j), scaled);
      const __m512 minimum = _mm512_permutexvar_ps(_mm512_set1_epi32(j + 8), scaled);
      return table(_mm512_sub_ps(_mm512_mul_ps(scale, ramp), minimum));
    };
    for (int j = 0; j < 8; j += 2) {
      const auto *nibbles = reinterpret_cast<const __m256i *>(row + 16 + j * 16);
      const __m512i words = _mm512_cvtepu8_epi16(_mm256_loadu_si256(nibbles));
      uint16_t *place = out + i + j * 32;
      _mm512_storeu_si512(place, _mm512_permutexvar_epi16(words, levels(j)));
      _mm512_storeu_si512(place + 32, _mm512_permutexvar_epi16(_mm512_srli_epi16(words, 4), levels(j + 1)));
    }
  }
}

using Row = void (*)(const uint8_t *row, int64_t inner, uint16_t *out);

Row rowOf(ct_weight_format format) {
  switch (format) {
    case CT_WEIGHT_Q4_0: return rowQ4_0;
    case CT_WEIGHT_Q4_1: return rowQ4_1;
    case CT_WEIGHT_Q8_0: return rowQ8_0;
    case CT_WEIGHT_Q4_K: return rowQ4_K;
    default: return nullptr;
  }
}

}  // namespace

bool readHalvesByTables(const StoredWeight &weight, int64_t begin, int64_t end, void *out) {
  const Row read = rowOf(weight.format);
  if (!read) return false;
  const int64_t bytes = weight.inner / blockLength(weight.format) * blockBytes(weight.format);
  const auto *rows = static_cast<const uint8_t *>(weight.values);
  auto *place = static_cast<uint16_t *>(out);
  for (int64_t o = begin; o < end; ++o, place += weight.inner) {
    read(rows + weight.storedRow(o) * bytes, weight.inner, place);
  }
  return true;
}

}  // namespace ctorch

#endif
