// Products of digits with weights of 8 bits by vector instructions, and the choice among the paths.
#include "QuantizedProducts.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <algorithm>
#include <cstring>

#include "RowMath.hpp"

namespace ctorch {
namespace {

using Half = c10::BFloat16;

// What becomes of the sums of one row and one output: the formula of every path.
static inline __attribute__((always_inline)) void finish(
    const Digits &x, const Int8Product &product, int64_t r, int64_t o, int32_t high, int32_t low) {
#pragma clang fp contract(off)
  const float sum = __builtin_fmaf(float(high), 256.0f, float(low)) * product.scales[o];
  const int64_t place = r * product.stride + o;
  const auto write = [&](auto element) __attribute__((always_inline)) {
    using Element = decltype(element);
    const auto *residual = static_cast<const Element *>(product.residual);
    const float added = residual ? load(residual[place]) : 0.0f;
    static_cast<Element *>(product.out)[place] = store<Element>(__builtin_fmaf(sum, x.scales()[r], added));
  };
  product.isHalf ? write(Half()) : write(float());
}

void multiplyPlain(const Digits &x, const Int8Product &product, int64_t begin, int64_t end) {
  for (int64_t o = begin; o < end; ++o) {
    const int8_t *weights = product.weights + o * x.inner;
    for (int64_t r = 0; r < x.rows; ++r) {
      const int8_t *high = x.row(r), *low = high + x.width;
      int32_t sums[2] = {};
      for (int64_t i = 0; i < x.inner; ++i) {
        sums[0] += int32_t(weights[i]) * high[i];
        sums[1] += int32_t(weights[i]) * low[i];
      }
      finish(x, product, r, o, sums[0], sums[1]);
    }
  }
}

#if defined(__x86_64__)

// Blocks of rows and outputs, as many as registers hold.
template <int64_t rowBlock, int64_t outputBlock, typename Block>
static inline __attribute__((always_inline)) void inBlocks(
    const Digits &x, int64_t begin, int64_t end, Block block) {
  for (int64_t o = begin; o < end;) {
    const bool isWide = end - o >= outputBlock;
    for (int64_t r = 0; r < x.rows;) {
      const bool isTall = x.rows - r >= rowBlock;
      std::integral_constant<int64_t, 1> one;
      std::integral_constant<int64_t, rowBlock> tall;
      std::integral_constant<int64_t, outputBlock> wide;
      if (isTall) {
        isWide ? block(tall, wide, r, o) : block(tall, one, r, o);
      } else {
        isWide ? block(one, wide, r, o) : block(one, one, r, o);
      }
      r += isTall ? rowBlock : 1;
    }
    o += isWide ? outputBlock : 1;
  }
}

// Sums stay in registers only where loops over them are written out.
#define UNROLL _Pragma("clang loop unroll(full)")
#define AVX2 __attribute__((target("arch=x86-64-v3")))

AVX2 static inline int32_t sumOfLanes(__m256i sums) {
  const __m128i four = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
  const __m128i two = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4e));
  return _mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32(two, 0xb1)));
}

template <int64_t rows, int64_t outputs>
AVX2 static void blockAVX2(const Digits &x, const Int8Product &product, int64_t r0, int64_t o0) {
  const int64_t whole = x.inner / 16 * 16, width = x.width;
  const int8_t *digitRows = x.row(r0);
  __m256i sums[rows][outputs][2];
  for (auto &row : sums) {
    for (auto &pair : row) pair[0] = pair[1] = _mm256_setzero_si256();
  }
  const auto add = [&](int64_t i, const int8_t *weights, int64_t stride) __attribute__((always_inline, target("arch=x86-64-v3"))) {
    __m256i digits[rows][2];
    UNROLL
    for (int64_t r = 0; r < rows; ++r) {
      UNROLL
      for (int64_t d = 0; d < 2; ++d) {
        const auto *place = reinterpret_cast<const __m128i *>(digitRows + (2 * r + d) * width + i);
        digits[r][d] = _mm256_cvtepi8_epi16(_mm_loadu_si128(place));
      }
    }
    UNROLL
    for (int64_t o = 0; o < outputs; ++o) {
      const auto *place = reinterpret_cast<const __m128i *>(weights + o * stride);
      const __m256i wide = _mm256_cvtepi8_epi16(_mm_loadu_si128(place));
      UNROLL
      for (int64_t r = 0; r < rows; ++r) {
        UNROLL
        for (int64_t d = 0; d < 2; ++d) {
          sums[r][o][d] = _mm256_add_epi32(sums[r][o][d], _mm256_madd_epi16(wide, digits[r][d]));
        }
      }
    }
  };
  const int8_t *weights = product.weights + o0 * x.inner;
  for (int64_t i = 0; i < whole; i += 16) add(i, weights + i, x.inner);
  if (whole < x.inner) {
    int8_t rest[outputs][16] = {};
    UNROLL
    for (int64_t o = 0; o < outputs; ++o) std::memcpy(rest[o], weights + o * x.inner + whole, size_t(x.inner - whole));
    add(whole, rest[0], 16);
  }
  UNROLL
  for (int64_t r = 0; r < rows; ++r) {
    UNROLL
    for (int64_t o = 0; o < outputs; ++o) {
      finish(x, product, r0 + r, o0 + o, sumOfLanes(sums[r][o][0]), sumOfLanes(sums[r][o][1]));
    }
  }
}

AVX2 void multiplyAVX2(const Digits &x, const Int8Product &product, int64_t begin, int64_t end) {
  inBlocks<2, 2>(x, begin, end, [&](auto rows, auto outputs, int64_t r, int64_t o) {
    blockAVX2<decltype(rows)::value, decltype(outputs)::value>(x, product, r, o);
  });
}

#define VNNI __attribute__((target("arch=x86-64-v4,avx512vnni")))

// The instruction takes one operand without a sign: weights are raised by 128, and 128 times the digits' sum is taken
// away again. Both are sums modulo 2³².
template <int64_t rows, int64_t outputs>
VNNI static void blockVNNI(const Digits &x, const Int8Product &product, int64_t r0, int64_t o0) {
  const __m512i raise = _mm512_set1_epi8(int8_t(0x80));
  const int64_t inner = x.inner, whole = inner / 64 * 64, width = x.width;
  const __mmask64 rest = (__mmask64(1) << (inner - whole)) - 1;
  const int8_t *digitRows = x.row(r0), *weights = product.weights + o0 * inner;
  __m512i sums[rows][outputs][2];
  for (auto &row : sums) {
    for (auto &pair : row) pair[0] = pair[1] = _mm512_setzero_si512();
  }
  for (int64_t i = 0; i < inner; i += 64) {
    __m512i raised[outputs];
    UNROLL
    for (int64_t o = 0; o < outputs; ++o) {
      const int8_t *place = weights + o * inner + i;
      // The processor by itself fetches too little ahead.
      if (rows == 1) _mm_prefetch(reinterpret_cast<const char *>(weights + i * outputs + o * 64 + 4096), _MM_HINT_T0);
      raised[o] = _mm512_xor_si512(
          raise, i < whole ? _mm512_loadu_si512(place) : _mm512_maskz_loadu_epi8(rest, place));
    }
    UNROLL
    for (int64_t r = 0; r < rows; ++r) {
      UNROLL
      for (int64_t d = 0; d < 2; ++d) {
        const __m512i digits = _mm512_loadu_si512(digitRows + (2 * r + d) * width + i);
        UNROLL
        for (int64_t o = 0; o < outputs; ++o) sums[r][o][d] = _mm512_dpbusd_epi32(sums[r][o][d], raised[o], digits);
      }
    }
  }
  UNROLL
  for (int64_t r = 0; r < rows; ++r) {
    const int32_t *digitSums = x.sums() + 2 * (r0 + r);
    UNROLL
    for (int64_t o = 0; o < outputs; ++o) {
      uint32_t found[2];
      UNROLL
      for (int64_t d = 0; d < 2; ++d) {
        found[d] = uint32_t(_mm512_reduce_add_epi32(sums[r][o][d])) - 128u * uint32_t(digitSums[d]);
      }
      finish(x, product, r0 + r, o0 + o, int32_t(found[0]), int32_t(found[1]));
    }
  }
}

VNNI void multiplyVNNI(const Digits &x, const Int8Product &product, int64_t begin, int64_t end) {
  inBlocks<2, 4>(x, begin, end, [&](auto rows, auto outputs, int64_t r, int64_t o) {
    blockVNNI<decltype(rows)::value, decltype(outputs)::value>(x, product, r, o);
  });
}

#endif

Int8Kernels vectorKernelsAt(ct_kernels level) {
  switch (level) {
#if defined(__x86_64__)
    case CT_KERNELS_AVX2:
    case CT_KERNELS_AVX512: return {Digits::Layout::rows, multiplyAVX2, 4};
    case CT_KERNELS_AVX512_BF16:  // every processor with its instructions has these as well
    case CT_KERNELS_AMX: return {Digits::Layout::rows, multiplyVNNI, 4};
#endif
    default: return {Digits::Layout::rows, multiplyPlain, 1};
  }
}

Int8Kernels kernelsAt(ct_kernels level) {
  if (level == CT_KERNELS_AMX && hasInt8Tiles()) return {Digits::Layout::tiles, multiplyInt8ByTiles, 32};
  return vectorKernelsAt(level);
}

// Of fewer rows tiles are empty for the most part, and weights come faster in the order of memory.
constexpr int64_t rowsOfTiles = 3;

}  // namespace

const Int8Kernels &int8Kernels(int64_t rows) {
  return rows < rowsOfTiles ? kernelsOfThisThread<vectorKernelsAt>() : kernelsOfThisThread<kernelsAt>();
}

}  // namespace ctorch
