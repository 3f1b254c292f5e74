// Products of digits with weights of 4 bits.
#include "QuantizedLanes.hpp"
#include "QuantizedProducts.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <algorithm>
#include <cstring>

#include "RowMath.hpp"

namespace ctorch {

std::unique_ptr<int32_t[]> int4Corrections(const Digits &x) {
  const int64_t groups = x.inner / int4Length;
  std::unique_ptr<int32_t[]> corrections(new int32_t[size_t(x.rows * groups)]);
  for (int64_t r = 0; r < x.rows; ++r) {
    for (int64_t g = 0; g < groups; ++g) {
      const int8_t *high = x.row(r) + g * int4Length, *low = high + x.width;
      int32_t sum = 0;
      for (int64_t i = 0; i < int4Length; ++i) sum += high[i] * 256 + low[i];
      corrections[size_t(r * groups + g)] = -8 * sum;
    }
  }
  return corrections;
}

namespace {

#define INLINE static inline __attribute__((always_inline))

// Exact value of an IEEE half.
INLINE float half(const uint8_t *bytes) {
  const uint32_t bits = uint32_t(bytes[0]) | uint32_t(bytes[1]) << 8;
  const uint32_t magnitude = bits & 0x7fff, exponent = magnitude >> 10;
  uint32_t wide = exponent == 31 ? (magnitude << 13) | 0x7f800000u : (magnitude << 13) + (112u << 23);
  const float small = float(int32_t(magnitude)) * 0x1p-24f;
  if (exponent == 0) std::memcpy(&wide, &small, 4);
  wide |= (bits & 0x8000) << 16;
  float value;
  std::memcpy(&value, &wide, 4);
  return value;
}

// What becomes of the sums of one row and one tile.
INLINE void finish(const Digits &x, const Results &results, int64_t r, int64_t o, const float *sums) {
  const auto write = [&](auto element) __attribute__((always_inline)) {
    using Element = decltype(element);
    const int64_t place = r * results.stride + o;
    const auto *residual = static_cast<const Element *>(results.residual);
    auto *out = static_cast<Element *>(results.out) + place;
    for (int64_t i = 0; i < int4Outputs; ++i) {
      const float added = residual ? load(residual[place + i]) : 0.0f;
      out[i] = store<Element>(__builtin_fmaf(sums[i], x.scales()[r], added));
    }
  };
  results.isHalf ? write(c10::BFloat16()) : write(float());
}

void multiplyPlain(
    const Digits &x, const int32_t *corrections, const Int4Product &product, int64_t begin, int64_t end) {
  const int64_t groups = x.inner / int4Length;
  for (int64_t t = begin; t < end; ++t) {
    for (int64_t r = 0; r < x.rows; ++r) {
      float sums[int4Outputs] = {};
      for (int64_t g = 0; g < groups; ++g) {
        const uint8_t *weights = product.weights + (t * groups + g) * int4Bytes;
        const int8_t *high = x.row(r) + g * int4Length, *low = high + x.width;
        for (int64_t o = 0; o < int4Outputs; ++o) {
          int32_t sum = corrections[r * groups + g];
          for (int64_t i = 0; i < 16; ++i) {
            const int32_t byte = weights[i / 4 * 64 + o * 4 + i % 4];
            sum += (byte & 15) * (high[i] * 256 + low[i]) + (byte >> 4) * (high[i + 16] * 256 + low[i + 16]);
          }
          sums[o] = __builtin_fmaf(half(weights + 256 + 2 * o), float(sum), sums[o]);
        }
      }
      finish(x, product, r, t * int4Outputs, sums);
    }
  }
}

#if defined(__x86_64__)

#define UNROLL _Pragma("clang loop unroll(full)")
#define AVX2 __attribute__((target("arch=x86-64-v3")))

// A tile's outputs in two halves, of eight lanes each.
AVX2 void multiplyAVX2(
    const Digits &x, const int32_t *corrections, const Int4Product &product, int64_t begin, int64_t end) {
  const int64_t groups = x.inner / int4Length, width = x.width, rows = x.rows;
  const __m256i nibble = _mm256_set1_epi8(15), ones = _mm256_set1_epi16(1);
  for (int64_t t = begin; t < end; ++t) {
    const uint8_t *tile = product.weights + t * groups * int4Bytes;
    for (int64_t r = 0; r < rows; ++r) {
      const int8_t *digits = x.row(r);
      __m256 totals[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
      for (int64_t g = 0; g < groups; ++g) {
        const uint8_t *weights = tile + g * int4Bytes;
        const int8_t *place = digits + g * int4Length;
        UNROLL
        for (int h = 0; h < 2; ++h) {
          __m256i sums[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
          UNROLL
          for (int i = 0; i < 4; ++i) {
            const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(weights + i * 64 + h * 32));
            const __m256i parts[2] = {
                _mm256_and_si256(bytes, nibble), _mm256_and_si256(_mm256_srli_epi16(bytes, 4), nibble)};
            UNROLL
            for (int p = 0; p < 2; ++p) {
              UNROLL
              for (int d = 0; d < 2; ++d) {
                int32_t four;
                std::memcpy(&four, place + d * width + p * 16 + i * 4, 4);
                const __m256i pairs = _mm256_maddubs_epi16(parts[p], _mm256_set1_epi32(four));
                sums[d] = _mm256_add_epi32(sums[d], _mm256_madd_epi16(pairs, ones));
              }
            }
          }
          const __m256i sum = _mm256_add_epi32(
              _mm256_add_epi32(_mm256_slli_epi32(sums[0], 8), sums[1]),
              _mm256_set1_epi32(corrections[r * groups + g]));
          const __m256 scales =
              _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i *>(weights + 256 + h * 16)));
          totals[h] = _mm256_fmadd_ps(scales, _mm256_cvtepi32_ps(sum), totals[h]);
        }
      }
      float sums[int4Outputs];
      _mm256_storeu_ps(sums, totals[0]);
      _mm256_storeu_ps(sums + 8, totals[1]);
      finish(x, product, r, t * int4Outputs, sums);
    }
  }
}

#define VNNI __attribute__((target("arch=x86-64-v4,avx512vnni")))

template <int64_t rows>
VNNI static inline void tileVNNI(
    const Digits &x, const int32_t *corrections, const Int4Product &product, int64_t t, int64_t r0) {
  const int64_t groups = x.inner / int4Length, width = x.width;
  const __m512i nibble = _mm512_set1_epi8(15);
  const uint8_t *weights = product.weights + t * groups * int4Bytes;
  const int8_t *digits = x.row(r0);
  corrections += r0 * groups;
  __m512 totals[rows];
  UNROLL
  for (int64_t r = 0; r < rows; ++r) totals[r] = _mm512_setzero_ps();
  for (int64_t g = 0; g < groups; ++g, weights += int4Bytes, digits += int4Length) {
    __m512i parts[8];
    UNROLL
    for (int i = 0; i < 4; ++i) {
      // The processor by itself fetches too little ahead.
      if (rows == 1) _mm_prefetch(reinterpret_cast<const char *>(weights) + 4096 + i * 72, _MM_HINT_T0);
      const __m512i bytes = _mm512_loadu_si512(weights + i * 64);
      parts[i] = _mm512_and_si512(bytes, nibble);
      parts[i + 4] = _mm512_and_si512(_mm512_srli_epi16(bytes, 4), nibble);
    }
    const __m512 scales = _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i *>(weights + 256)));
    UNROLL
    for (int64_t r = 0; r < rows; ++r) {
      __m512i sums[2] = {_mm512_setzero_si512(), _mm512_set1_epi32(corrections[r * groups + g])};
      UNROLL
      for (int i = 0; i < 8; ++i) {
        UNROLL
        for (int d = 0; d < 2; ++d) {
          int32_t four;
          std::memcpy(&four, digits + (2 * r + d) * width + i * 4, 4);
          sums[d] = _mm512_dpbusd_epi32(sums[d], parts[i], _mm512_set1_epi32(four));
        }
      }
      const __m512i sum = _mm512_add_epi32(_mm512_slli_epi32(sums[0], 8), sums[1]);
      totals[r] = _mm512_fmadd_ps(scales, _mm512_cvtepi32_ps(sum), totals[r]);
    }
  }
  UNROLL
  for (int64_t r = 0; r < rows; ++r) {
    writeLanes(product, r0 + r, t * int4Outputs, 0xffff, totals[r], x.scales()[r0 + r]);
  }
}

VNNI void multiplyVNNI(
    const Digits &x, const int32_t *corrections, const Int4Product &product, int64_t begin, int64_t end) {
  for (int64_t t = begin; t < end; ++t) {
    int64_t r = 0;
    for (; r + 4 <= x.rows; r += 4) tileVNNI<4>(x, corrections, product, t, r);
    for (; r < x.rows; ++r) tileVNNI<1>(x, corrections, product, t, r);
  }
}

#define TILES __attribute__((target("arch=x86-64-v4,amx-tile,amx-int8")))

// Matrix instructions: digits of up to 16 rows are the left operand, a group's values of 16 outputs the right one.
// Tiles 0 and 1: sums of high and low digits; 2 and 3: of the next group; 4 and 5: digits; 6: weights.
struct alignas(64) Configuration {
  uint8_t palette = 1, start = 0, reserved[14] = {};
  uint16_t rowBytes[16] = {};
  uint8_t rows[16] = {};

  explicit Configuration(int64_t count) {
    for (int t = 0; t < 7; ++t) {
      rows[t] = uint8_t(t == 6 ? int4Length / 4 : count);
      rowBytes[t] = uint16_t(t == 4 || t == 5 ? int4Length : 4 * int4Outputs);
    }
  }
};

constexpr int64_t tileRows = 16, valueBytes = int4Length * int4Outputs;

// A tile's values, each in a byte.
TILES void unpack(const uint8_t *weights, int64_t groups, uint8_t *values) {
  const __m512i nibble = _mm512_set1_epi8(15);
  for (int64_t g = 0; g < groups; ++g, weights += int4Bytes, values += valueBytes) {
    for (int i = 0; i < 4; ++i) {
      const __m512i bytes = _mm512_loadu_si512(weights + i * 64);
      _mm512_storeu_si512(values + i * 64, _mm512_and_si512(bytes, nibble));
      _mm512_storeu_si512(values + (i + 4) * 64, _mm512_and_si512(_mm512_srli_epi16(bytes, 4), nibble));
    }
  }
}

struct alignas(64) TileSums {
  int32_t values[2][2][tileRows][int4Outputs];
};

// `count` rows from r0 on. The sums of a group are added up while those of the next are made.
TILES void multiplyTile(
    const Digits &x, const int32_t *corrections, const Int4Product &product, int64_t t, int64_t r0, int64_t count,
    const uint8_t *values, TileSums &buffer) {
  const int64_t groups = x.inner / int4Length, width = x.width;
  const uint8_t *weights = product.weights + t * groups * int4Bytes + 256;
  const int8_t *digits = x.row(r0);
  corrections += r0 * groups;
  const int64_t last = count - 1;
  __m512 totals[tileRows];
  UNROLL
  for (int64_t r = 0; r < tileRows; ++r) totals[r] = _mm512_setzero_ps();
  for (int64_t g = 0; g < groups; ++g, digits += int4Length) {
    auto &sums = buffer.values[g % 2];
    _tile_loadd(6, values + g * valueBytes, 64);
    _tile_loadd(4, digits, 2 * width);
    _tile_loadd(5, digits + width, 2 * width);
    if (g % 2 == 0) {
      _tile_zero(0);
      _tile_zero(1);
      _tile_dpbsud(0, 4, 6);
      _tile_dpbsud(1, 5, 6);
      _tile_stored(0, sums[0], 64);
      _tile_stored(1, sums[1], 64);
    } else {
      _tile_zero(2);
      _tile_zero(3);
      _tile_dpbsud(2, 4, 6);
      _tile_dpbsud(3, 5, 6);
      _tile_stored(2, sums[0], 64);
      _tile_stored(3, sums[1], 64);
    }
    const __m512 scales =
        _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i *>(weights + g * int4Bytes)));
    UNROLL
    for (int64_t r = 0; r < tileRows; ++r) {
      const __m512i high = _mm512_load_si512(sums[0][r]), low = _mm512_load_si512(sums[1][r]);
      const int32_t correction = corrections[std::min(r, last) * groups + g];
      const __m512i sum = _mm512_add_epi32(
          _mm512_add_epi32(_mm512_slli_epi32(high, 8), low), _mm512_set1_epi32(correction));
      totals[r] = _mm512_fmadd_ps(scales, _mm512_cvtepi32_ps(sum), totals[r]);
    }
  }
  float results[tileRows][int4Outputs];
  UNROLL
  for (int64_t r = 0; r < tileRows; ++r) _mm512_storeu_ps(results[r], totals[r]);
  for (int64_t r = 0; r < count; ++r) {
    const __m512 sums = _mm512_loadu_ps(results[r]);
    writeLanes(product, r0 + r, t * int4Outputs, 0xffff, sums, x.scales()[r0 + r]);
  }
}

TILES void multiplyByTiles(
    const Digits &x, const int32_t *corrections, const Int4Product &product, int64_t begin, int64_t end) {
  // Of fewer rows tiles are empty for the most part.
  if (x.rows < 8) return multiplyVNNI(x, corrections, product, begin, end);
  const int64_t groups = x.inner / int4Length, whole = x.rows / tileRows * tileRows;
  const std::unique_ptr<uint8_t[]> values(new uint8_t[size_t(groups * valueBytes)]);
  TileSums sums = {};
  for (int64_t first = 0; first < x.rows; first = first < whole ? whole : x.rows) {
    const int64_t count = first < whole ? tileRows : x.rows - whole;
    const Configuration configuration(count);
    _tile_loadconfig(&configuration);
    for (int64_t t = begin; t < end; ++t) {
      unpack(product.weights + t * groups * int4Bytes, groups, values.get());
      for (int64_t r = first; r < (first < whole ? whole : x.rows); r += count) {
        multiplyTile(x, corrections, product, t, r, count, values.get(), sums);
      }
    }
  }
  _tile_release();
}

#endif

}  // namespace

MultiplyInt4 int4Kernel() {
  switch (processorPaths().kernels) {
#if defined(__x86_64__)
    case CT_KERNELS_AVX2:
    case CT_KERNELS_AVX512: return multiplyAVX2;
    case CT_KERNELS_AVX512_BF16: return multiplyVNNI;
    case CT_KERNELS_AMX: return hasInt8Tiles() ? multiplyByTiles : multiplyVNNI;
#endif
    default: return multiplyPlain;
  }
}

}  // namespace ctorch
