// How the work of a step's attention is divided. No ATen here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ctorch {

// Positions of a block, as the kernels take them, and of a chunk: what is mixed at once, each by itself. The chunks'
// results are merged in ascending order, so that a row's arithmetic depends on its position only, whoever makes it.
constexpr int64_t blockPositions = 32, chunkBlocks = 8, chunkPositions = blockPositions * chunkBlocks;

// A piece of work of each key/value group: some rows, all of whose own positions lie in one chunk or after the piece's
// last, in chunks whose blocks they all see.
struct MixItem {
  int32_t firstChunk, endChunk;
  int32_t firstMember, rows;  // which rows: of BlockPlan::members, from here on
  int32_t table;              // where the blocks begin that they see, in `blocks`
  bool isWhole;               // all chunks of its rows are here: nothing is left to be merged
  bool isLight;               // all rows of its sequences are here, and they are few
  bool isContiguous;          // the rows follow one another
};

}  // namespace ctorch

struct ct_block_plan {
  // As given.
  std::vector<int32_t> bounds, starts, blocks;
  std::vector<int64_t> firstBlocks;  // of each sequence, into blocks
  int64_t blockSize, positions = 0, largestBlock;

  // Of each row: its position, the block that it writes, its sequence.
  std::vector<int32_t> rowPositions, rowBlocks, rowSequences;

  // The division of work, dearest first; only for blocks of blockPositions.
  std::vector<ctorch::MixItem> items;
  std::vector<int32_t> members;
  std::vector<int32_t> pieces;      // of each sequence: the items that are not whole and hold its rows
  std::vector<int64_t> firstSlots;  // of each row: where its chunks' results are kept, one slot a chunk
  int64_t slots = 0;
  int64_t chunks = 0;  // of all items

  int64_t sequences() const { return int64_t(starts.size()); }
  int64_t rows() const { return bounds.back(); }
  // Of the chunk that holds a row's own position.
  int32_t lastChunk(int64_t row) const { return int32_t(rowPositions[std::size_t(row)] / ctorch::chunkPositions); }

  // For `threads` threads. The rows and blocks are filled in.
  void divide(int64_t threads);
};
