// Mixing by the processor's own products of bfloat16, in tiles and in lanes.
//
// In tiles: scores = queries (A: 16 columns x 32 elements) times keys (B: 16 pairs of
// elements x 16 positions); mixed = probabilities (A: 16 columns x 32 positions) times values (B: 16 pairs of positions
// x 16 elements). Keys and values are read as they lie in memory.
#include <c10/util/BFloat16.h>

#include "BlockKernels.hpp"

#if defined(__x86_64__)
#include "BlockSoftmax.hpp"

#define BF16 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")))
#define TILES __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,amx-tile,amx-bf16")))

namespace ctorch {
namespace {

using Half = c10::BFloat16;

// From column to column. Powers of two would put the lines of a tile into few sets of the cache.
constexpr int64_t scoreStride = chunkPositions + 16, probabilityStride = chunkPositions + 32;

struct alignas(64) TileConfiguration {
  uint8_t palette = 1, startRow = 0, reserved[14] = {};
  uint16_t bytesOfRow[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

// Tiles 0 ... 3 hold sums, 4 and 5 A, 6 and 7 B: two by two, so that each operand is read for two products.
template <bool isPair>
TILES __attribute__((always_inline)) inline void clearSums() {
  _tile_zero(0);
  _tile_zero(1);
  if constexpr (isPair) {
    _tile_zero(2);
    _tile_zero(3);
  }
}

template <bool isPair>
TILES __attribute__((always_inline)) inline void multiply(
    const Half *a, int64_t aStride, const Half *b, int64_t bStride) {
  _tile_loadd(4, a, aStride * 2);
  if constexpr (isPair) _tile_loadd(5, a + 16 * aStride, aStride * 2);
  _tile_loadd(6, b, bStride * 2);
  _tile_dpbf16ps(0, 4, 6);
  if constexpr (isPair) _tile_dpbf16ps(2, 5, 6);
  _tile_loadd(7, b + 32, bStride * 2);
  _tile_dpbf16ps(1, 4, 7);
  if constexpr (isPair) _tile_dpbf16ps(3, 5, 7);
}

template <bool isPair>
TILES __attribute__((always_inline)) inline void storeSums(float *out, int64_t stride) {
  _tile_stored(0, out, stride * 4);
  if constexpr (isPair) _tile_stored(2, out + 16 * stride, stride * 4);
  _tile_stored(1, out + 16, stride * 4);
  if constexpr (isPair) _tile_stored(3, out + 16 * stride + 16, stride * 4);
}

BF16 inline void prefetch(const Half *block, int64_t elements) {
  for (int64_t i = 0; i < elements; i += 32) _mm_prefetch(reinterpret_cast<const char *>(block + i), _MM_HINT_T1);
}

// Probabilities of a column, 0 after those that it sees; returns their sum before they are rounded.
BF16 inline float exponentials(
    const float *scores, int64_t visible, int64_t count, __m512 scale, float largest, Half *out) {
  const __m512 shift = _mm512_set1_ps(largest);
  __m512 sum = _mm512_setzero_ps();
  int64_t i = 0;
  for (; i + 32 <= visible; i += 32) {
    const __m512 a = powerOfTwo(_mm512_fmsub_ps(_mm512_loadu_ps(scores + i), scale, shift));
    const __m512 b = powerOfTwo(_mm512_fmsub_ps(_mm512_loadu_ps(scores + i + 16), scale, shift));
    sum = _mm512_add_ps(_mm512_add_ps(sum, a), b);
    _mm512_storeu_si512(out + i, (__m512i)_mm512_cvtne2ps_pbh(b, a));
  }
  if (i < visible) {
    const __mmask32 mask = (1u << (visible - i)) - 1;
    const __mmask16 low = __mmask16(mask), high = __mmask16(mask >> 16);
    const __m512 first = _mm512_maskz_loadu_ps(low, scores + i), second = _mm512_maskz_loadu_ps(high, scores + i + 16);
    const __m512 a = _mm512_maskz_mov_ps(low, powerOfTwo(_mm512_fmsub_ps(first, scale, shift)));
    const __m512 b = _mm512_maskz_mov_ps(high, powerOfTwo(_mm512_fmsub_ps(second, scale, shift)));
    sum = _mm512_add_ps(_mm512_add_ps(sum, a), b);
    _mm512_storeu_si512(out + i, (__m512i)_mm512_cvtne2ps_pbh(b, a));
    i += 32;
  }
  for (; i < count; i += 32) _mm512_storeu_si512(out + i, _mm512_setzero_si512());
  return _mm512_reduce_add_ps(sum);
}

BF16 inline void softmax(const ChunkOperands<Half> &chunk, const ChunkSums &sums, const float *scores, Half *out) {
  const __m512 scale = _mm512_set1_ps(chunk.scale * 1.44269504088896341f);
  for (int64_t column = 0; column < chunk.columns; ++column) {
    const float *row = scores + column * scoreStride;
    const int64_t visible = chunk.visible[column];
    const float largest = largestScaled(row, visible, scale);
    sums.maxima[column] = largest;
    sums.sums[column] = exponentials(
        row, visible, chunk.blocks * blockPositions, scale, largest, out + column * probabilityStride);
  }
}

template <bool isPair>
TILES inline void mixTiles(const ChunkOperands<Half> &chunk, const ChunkSums &sums, float *scratch) {
  const int64_t dimension = chunk.dimension, elements = blockPositions * dimension, blocks = chunk.blocks;
  float *scores = scratch;
  Half *probabilities = reinterpret_cast<Half *>(scratch + tileColumns * scoreStride);
  for (int64_t block = 0; block < blocks; ++block) {
    const Half *keys = chunk.keys[block];
    if (block + 1 < blocks) prefetch(chunk.keys[block + 1], elements);
    prefetch(chunk.values[block], elements);
    clearSums<isPair>();
    for (int64_t d = 0; d < dimension; d += 32) {
      multiply<isPair>(chunk.queries + d, dimension, keys + d * blockPositions, 2 * blockPositions);
    }
    storeSums<isPair>(scores + block * blockPositions, scoreStride);
  }
  softmax(chunk, sums, scores, probabilities);
  for (int64_t d = 0; d < dimension; d += 32) {
    clearSums<isPair>();
    for (int64_t block = 0; block < blocks; ++block) {
      multiply<isPair>(
          probabilities + block * blockPositions, probabilityStride, chunk.values[block] + 2 * d, 2 * dimension);
    }
    storeSums<isPair>(sums.mixed + d, dimension);
  }
}

// --- In lanes -------------------------------------------------------------------------------------------------------

// out[c][lane] = sum over the pairs i of all blocks of left[c][2i ...] · right[i][lane][...], for lanes first ..< last
// of `lanes`, 32 at most.
template <int64_t columns>
BF16 inline void multiplyPairs(
    const Half *left, int64_t leftStride, const Half *const *right, int64_t blocks, int64_t pairs, int64_t lanes,
    int64_t first, int64_t last, float *out, int64_t outStride) {
  const int64_t count = last - first;
  const __mmask16 low = __mmask16(count >= 16 ? 0xffff : (1 << count) - 1);
  const __mmask16 high = __mmask16(count >= 32 ? 0xffff : count > 16 ? (1 << (count - 16)) - 1 : 0);
  __m512 sums[columns][2];
  for (auto &pair : sums) pair[0] = pair[1] = _mm512_setzero_ps();
  for (int64_t block = 0; block < blocks; ++block) {
    const Half *row = right[block] + 2 * first, *other = left + block * 2 * pairs;
    for (int64_t i = 0; i < pairs; ++i, row += 2 * lanes, other += 2) {
      const __m512bh a = (__m512bh)_mm512_maskz_loadu_epi32(low, row);
      const __m512bh b = (__m512bh)_mm512_maskz_loadu_epi32(high, row + 32);
      for (int64_t c = 0; c < columns; ++c) {
        int32_t pair;
        __builtin_memcpy(&pair, other + c * leftStride, sizeof pair);
        const __m512bh both = (__m512bh)_mm512_set1_epi32(pair);
        sums[c][0] = _mm512_dpbf16_ps(sums[c][0], a, both);
        sums[c][1] = _mm512_dpbf16_ps(sums[c][1], b, both);
      }
    }
  }
  for (int64_t c = 0; c < columns; ++c) {
    _mm512_mask_storeu_ps(out + c * outStride + first, low, sums[c][0]);
    _mm512_mask_storeu_ps(out + c * outStride + first + 16, high, sums[c][1]);
  }
}

BF16 void multiplyAll(
    const Half *left, int64_t leftStride, int64_t columns, const Half *const *right, int64_t blocks, int64_t pairs,
    int64_t lanes, float *out, int64_t outStride) {
  for (int64_t first = 0; first < lanes; first += 32) {
    const int64_t last = first + 32 < lanes ? first + 32 : lanes;
    for (int64_t column = 0; column < columns;) {
      const Half *own = left + column * leftStride;
      float *target = out + column * outStride;
      const int64_t rest = columns - column;
      if (rest >= 6) {
        multiplyPairs<6>(own, leftStride, right, blocks, pairs, lanes, first, last, target, outStride);
        column += 6;
      } else if (rest >= 3) {
        multiplyPairs<3>(own, leftStride, right, blocks, pairs, lanes, first, last, target, outStride);
        column += 3;
      } else {
        multiplyPairs<1>(own, leftStride, right, blocks, pairs, lanes, first, last, target, outStride);
        column += 1;
      }
    }
  }
}

}  // namespace

TILES void beginTiles() {
  static const TileConfiguration configuration;
  _tile_loadconfig(&configuration);
}

TILES void endTiles() { _tile_release(); }

TILES void mixByTiles(const ChunkOperands<Half> &chunk, const ChunkSums &sums, float *scratch) {
  if (chunk.columns > 16) {
    mixTiles<true>(chunk, sums, scratch);
  } else {
    mixTiles<false>(chunk, sums, scratch);
  }
}

BF16 void mixByDots(const ChunkOperands<Half> &chunk, const ChunkSums &sums, float *scratch) {
  const int64_t dimension = chunk.dimension, blocks = chunk.blocks;
  float *scores = scratch;
  Half *probabilities = reinterpret_cast<Half *>(scratch + tileColumns * scoreStride);
  for (int64_t block = 0; block < blocks; ++block) {
    if (block + 1 < blocks) prefetch(chunk.keys[block + 1], blockPositions * dimension);
    prefetch(chunk.values[block], blockPositions * dimension);
    multiplyAll(
        chunk.queries, dimension, chunk.columns, chunk.keys + block, 1, dimension / 2, blockPositions,
        scores + block * blockPositions, scoreStride);
  }
  softmax(chunk, sums, scores, probabilities);
  multiplyAll(
      probabilities, probabilityStride, chunk.columns, chunk.values, blocks, blockPositions / 2, dimension, sums.mixed,
      dimension);
}

}  // namespace ctorch
#endif
