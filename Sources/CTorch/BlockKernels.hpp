// Kernels of attention on blocks of keys and values, compiled for several instruction sets. No ATen here.
#pragma once

#include <c10/util/BFloat16.h>

#include <cstdint>

#include "BlockPlan.hpp"

namespace ctorch {

// Columns are pairs of a row and one of the heads that read the same keys and values. Each is computed by itself: all
// kernels of a table make the same sums in the same order, whatever the other columns are.
constexpr int64_t tileColumns = 32;

// What a chunk is mixed from.
template <typename Element>
struct ChunkOperands {
  const Element *queries;  // [columns, D]; may be read up to a multiple of 16 columns
  const int32_t *visible;  // of each column: how many positions of the chunk it sees, 1 ... chunkPositions
  const Element *keys[chunkBlocks];    // [D/2, 32, 2]
  const Element *values[chunkBlocks];  // [16, D, 2]; all finite where not all columns see them
  int64_t blocks, columns, dimension;
  float scale;
};

// What comes out, for each column: the largest score, the sum of the exponentials of the differences to it, and the
// values' sum weighted with them, [columns, D].
struct ChunkSums {
  float *maxima, *sums, *mixed;
};

template <typename Element>
struct BlockKernels {
  // Up to tileColumns columns, with room for that many in `sums`. `scratch`: mixScratch(D) floats, at a multiple of 64
  // bytes.
  void (*mix)(const ChunkOperands<Element> &operands, const ChunkSums &sums, float *scratch);

  // What mix gave for a later chunk is added to what there is; e^(x · unit) is what these kernels call exponential.
  void (*merge)(const ChunkSums &sums, const ChunkSums &later, int64_t columns, int64_t dimension, float unit);
  float unit = 1;

  // out[d] = mixed[d] / sum
  void (*finish)(const float *mixed, float sum, Element *out, int64_t dimension);

  // The new rows of one block, of one group: keys [count, D] into [D/2, 32, 2], values (rows `stride` elements apart)
  // into [16, D, 2], from a place on.
  void (*writeKeys)(const Element *rows, int64_t count, int64_t place, int64_t dimension, Element *block);
  void (*writeValues)(
      const Element *rows, int64_t stride, int64_t count, int64_t place, int64_t dimension, Element *block);

  // Begin and end a thread's use of `mix`, where there is something to do.
  void (*begin)() = nullptr;
  void (*end)() = nullptr;
};

constexpr int64_t mixScratch(int64_t dimension) { return tileColumns * (2 * chunkPositions + dimension); }

// The kernels of the calling thread's processor paths. To be asked for outside of parallel loops.
template <typename Element>
BlockKernels<Element> blockKernels(int64_t dimension);

// By the processor's own products of bfloat16: in lanes; in tiles, for heads of multiples of 32 elements.
void mixByDots(const ChunkOperands<c10::BFloat16> &operands, const ChunkSums &sums, float *scratch);
void mixByTiles(const ChunkOperands<c10::BFloat16> &operands, const ChunkSums &sums, float *scratch);
void beginTiles();
void endTiles();

}  // namespace ctorch
