#include "BlockKernels.hpp"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "RowMath.hpp"

namespace ctorch {
namespace {

using Half = c10::BFloat16;

static inline __attribute__((always_inline)) void mergeBody(
    const ChunkSums &sums, const ChunkSums &later, int64_t columns, int64_t dimension, float unit) {
  // Which of two products would be fused with their sum is the compiler's choice, and may be another in the rest of a
  // loop.
#pragma clang fp contract(off)
  for (int64_t column = 0; column < columns; ++column) {
    const float before = sums.maxima[column], after = later.maxima[column], largest = before > after ? before : after;
    const float left = exponential((before - largest) * unit), right = exponential((after - largest) * unit);
    sums.maxima[column] = largest;
    sums.sums[column] = sums.sums[column] * left + later.sums[column] * right;
    float *mixed = sums.mixed + column * dimension;
    const float *added = later.mixed + column * dimension;
    for (int64_t d = 0; d < dimension; ++d) mixed[d] = mixed[d] * left + added[d] * right;
  }
}

// + 0: a sum may come out as -0 beside later positions' zeros and as 0 without.
BODY void finishBody(const float *mixed, float sum, Element *out, int64_t dimension) {
  const float inverse = 1.0f / sum;
  for (int64_t d = 0; d < dimension; ++d) out[d] = store<Element>(mixed[d] * inverse + 0.0f);
}

BODY void writeKeysBody(const Element *rows, int64_t count, int64_t place, int64_t dimension, Element *block) {
  using Pair = std::conditional_t<sizeof(Element) == 2, uint32_t, uint64_t>;
  for (int64_t i = 0; i < dimension / 2; ++i) {
    for (int64_t row = 0; row < count; ++row) {
      Pair pair;
      std::memcpy(&pair, rows + row * dimension + 2 * i, sizeof pair);
      std::memcpy(block + (i * blockPositions + place + row) * 2, &pair, sizeof pair);
    }
  }
}

BODY void writeValuesBody(
    const Element *rows, int64_t stride, int64_t count, int64_t place, int64_t dimension, Element *block) {
  for (int64_t row = 0; row < count;) {
    Element *pairs = block + (place + row) / 2 * 2 * dimension;
    const Element *first = rows + row * stride;
    if ((place + row) % 2 == 0 && row + 1 < count) {
      const Element *second = first + stride;
      for (int64_t d = 0; d < dimension; ++d) {
        pairs[2 * d] = first[d];
        pairs[2 * d + 1] = second[d];
      }
      row += 2;
    } else {
      pairs += (place + row) % 2;
      for (int64_t d = 0; d < dimension; ++d) pairs[2 * d] = first[d];
      row += 1;
    }
  }
}

// --- Mixing in lanes ------------------------------------------------------------------------------------------------

// Results of `columns` columns for lanes first ..< last: out[c][lane] = sum over the pairs i of all blocks of
// left[c][2i] · right[i][lane][0] + left[c][2i + 1] · right[i][lane][1]. Keys: lanes are positions, pairs are of
// elements; values: lanes are elements, pairs are of positions.
template <int64_t width, int64_t columns, int64_t vectors, typename Element>
static inline __attribute__((always_inline)) void multiplyPairs(
    const float *left, int64_t leftStride, const Element *const *right, int64_t blocks, int64_t pairs, int64_t lanes,
    int64_t first, int64_t last, float *out, int64_t outStride) {
#pragma clang fp contract(fast)
  typedef float Floats __attribute__((ext_vector_type(width)));
  typedef uint32_t Words __attribute__((ext_vector_type(width)));
  constexpr bool isHalf = sizeof(Element) == 2;
  // Lanes of a vector: of bfloat16 a pair is a word of it, of float32 two.
  constexpr int64_t perVector = isHalf ? width : width / 2;
  Floats sums[columns][vectors];
  for (int64_t c = 0; c < columns; ++c) {
    for (int64_t v = 0; v < vectors; ++v) sums[c][v] = Floats(0.0f);
  }
  const bool isWhole = last - first == perVector * vectors;
  for (int64_t block = 0; block < blocks; ++block) {
    const Element *row = right[block] + 2 * first;
    const float *other = left + block * 2 * pairs;
    for (int64_t i = 0; i < pairs; ++i, row += 2 * lanes, other += 2) {
      Words words[vectors];
      if (isWhole) {
        std::memcpy(words, row, sizeof words);
      } else {
        std::memset(words, 0, sizeof words);
        std::memcpy(words, row, size_t(last - first) * 2 * sizeof(Element));
      }
      for (int64_t c = 0; c < columns; ++c) {
        if constexpr (isHalf) {
          const float even = other[c * leftStride], odd = other[c * leftStride + 1];
          for (int64_t v = 0; v < vectors; ++v) {
            const Words low = words[v] << 16, high = words[v] & 0xffff0000u;
            sums[c][v] = __builtin_bit_cast(Floats, low) * even + sums[c][v];
            sums[c][v] = __builtin_bit_cast(Floats, high) * odd + sums[c][v];
          }
        } else {
          typedef uint64_t Longs __attribute__((ext_vector_type(width / 2)));
          uint64_t pair;
          std::memcpy(&pair, other + c * leftStride, sizeof pair);
          const Longs both = Longs(pair);
          for (int64_t v = 0; v < vectors; ++v) {
            sums[c][v] = __builtin_bit_cast(Floats, words[v]) * __builtin_bit_cast(Floats, both) + sums[c][v];
          }
        }
      }
    }
  }
  for (int64_t c = 0; c < columns; ++c) {
    float results[vectors * width];
    std::memcpy(results, sums[c], sizeof results);
    float *target = out + c * outStride;
    for (int64_t lane = 0; lane < last - first; ++lane) {
      target[first + lane] = isHalf ? results[lane] : results[2 * lane] + results[2 * lane + 1];
    }
  }
}

// The same for any number of columns, for all lanes.
template <int64_t width, typename Element>
static inline __attribute__((always_inline)) void multiplyAll(
    const float *left, int64_t leftStride, int64_t columns, const Element *const *right, int64_t blocks, int64_t pairs,
    int64_t lanes, float *out, int64_t outStride) {
  // As many sums at once as hide the time of an addition and leave registers for the operands.
  constexpr int64_t vectors = 2, step = vectors * (sizeof(Element) == 2 ? width : width / 2);
  for (int64_t first = 0; first < lanes; first += step) {
    const int64_t last = std::min(lanes, first + step);
    int64_t column = 0;
    const auto multiply = [&](auto count) __attribute__((always_inline)) {
      multiplyPairs<width, decltype(count)::value, vectors>(
          left + column * leftStride, leftStride, right, blocks, pairs, lanes, first, last,
          out + column * outStride, outStride);
      column += decltype(count)::value;
    };
    while (columns - column >= 4) multiply(std::integral_constant<int64_t, 4>());
    if (columns - column == 3) multiply(std::integral_constant<int64_t, 3>());
    if (columns - column == 2) multiply(std::integral_constant<int64_t, 2>());
    if (columns - column == 1) multiply(std::integral_constant<int64_t, 1>());
  }
}

// In place: scores become probabilities, 0 after those that are seen.
static inline __attribute__((always_inline)) void softmaxBody(
    float *scores, int64_t visible, int64_t count, float scale, float *largest, float *total) {
  constexpr int64_t lanes = 16;
  float partial[lanes];
  for (int64_t j = 0; j < lanes; ++j) partial[j] = -INFINITY;
  for (int64_t i = 0; i < count; i += lanes) {
    for (int64_t j = 0; j < lanes; ++j) {
      const float score = i + j < visible ? scores[i + j] * scale : -INFINITY;
      scores[i + j] = score;
      partial[j] = score > partial[j] ? score : partial[j];
    }
  }
  float maximum = -INFINITY;
  for (int64_t j = 0; j < lanes; ++j) maximum = partial[j] > maximum ? partial[j] : maximum;
  for (int64_t j = 0; j < lanes; ++j) partial[j] = 0;
  for (int64_t i = 0; i < count; i += lanes) {
    for (int64_t j = 0; j < lanes; ++j) {
      const float value = exponential(scores[i + j] - maximum);
      const float probability = i + j < visible ? value : 0.0f;
      scores[i + j] = probability;
      partial[j] += probability;
    }
  }
  float sum = 0;
  for (int64_t j = 0; j < lanes; ++j) sum += partial[j];
  *largest = maximum;
  *total = sum;
}

template <int64_t width, typename Element>
static inline __attribute__((always_inline)) void mixBody(
    const ChunkOperands<Element> &chunk, const ChunkSums &sums, float *scratch) {
  const int64_t dimension = chunk.dimension, columns = chunk.columns, blocks = chunk.blocks;
  float *scores = scratch, *queries = scores + tileColumns * chunkPositions;
  for (int64_t i = 0; i < columns * dimension; ++i) queries[i] = load(chunk.queries[i]);
  for (int64_t block = 0; block < blocks; ++block) {
    multiplyAll<width>(
        queries, dimension, columns, chunk.keys + block, 1, dimension / 2, blockPositions,
        scores + block * blockPositions, chunkPositions);
  }
  for (int64_t column = 0; column < columns; ++column) {
    softmaxBody(
        scores + column * chunkPositions, chunk.visible[column], blocks * blockPositions, chunk.scale,
        sums.maxima + column, sums.sums + column);
  }
  multiplyAll<width>(
      scores, chunkPositions, columns, chunk.values, blocks, blockPositions / 2, dimension, sums.mixed, dimension);
}

BODY void mix4(const ChunkOperands<Element> &chunk, const ChunkSums &sums, float *scratch) {
  mixBody<4>(chunk, sums, scratch);
}
BODY void mix8(const ChunkOperands<Element> &chunk, const ChunkSums &sums, float *scratch) {
  mixBody<8>(chunk, sums, scratch);
}
BODY void mix16(const ChunkOperands<Element> &chunk, const ChunkSums &sums, float *scratch) {
  mixBody<16>(chunk, sums, scratch);
}

template <typename Element>
auto mixAt(ct_kernels level) {
  switch (level) {
    case CT_KERNELS_PLAIN: return Compiled<mix4<Element>>::at(level);
    case CT_KERNELS_AVX2: return Compiled<mix8<Element>>::at(level);
    default: return Compiled<mix16<Element>>::at(level);
  }
}

template <typename Element>
BlockKernels<Element> kernelsAt(ct_kernels level, int64_t dimension) {
  BlockKernels<Element> kernels{
      .mix = mixAt<Element>(level),
      .merge = Compiled<mergeBody>::at(level),
      .finish = Compiled<finishBody<Element>>::at(level),
      .writeKeys = Compiled<writeKeysBody<Element>>::at(level),
      .writeValues = Compiled<writeValuesBody<Element>>::at(level),
  };
#if defined(__x86_64__)
  if constexpr (std::is_same_v<Element, Half>) {
    if (level < CT_KERNELS_AVX512_BF16) return kernels;
    kernels.mix = mixByDots;
    kernels.unit = 0.69314718f;  // their exponentials are powers of two
    if (level == CT_KERNELS_AMX && dimension % 32 == 0) {
      kernels.mix = mixByTiles;
      kernels.begin = beginTiles;
      kernels.end = endTiles;
    }
  }
#endif
  return kernels;
}

}  // namespace

template <>
BlockKernels<float> blockKernels(int64_t dimension) {
  return kernelsAt<float>(processorPaths().kernels, dimension);
}
template <>
BlockKernels<Half> blockKernels(int64_t dimension) {
  return kernelsAt<Half>(processorPaths().kernels, dimension);
}

}  // namespace ctorch
