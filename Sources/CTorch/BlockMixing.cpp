#include "BlockMixing.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <memory>
#include <thread>
#include <type_traits>
#include <vector>

#include "BlockKernels.hpp"
#include "Parallel.hpp"
#include "RowKernels.hpp"
#include "RowMath.hpp"

namespace ctorch {
namespace {

// Memory of one thread, kept from step to step.
float *threadScratch(int64_t floats) {
  static thread_local std::vector<float> memory;
  if (int64_t(memory.size()) < floats + 16) memory.resize(size_t(floats + 16));
  return reinterpret_cast<float *>((reinterpret_cast<uintptr_t>(memory.data()) + 63) / 64 * 64);
}

constexpr int64_t upTo(int64_t count, int64_t multiple) { return (count + multiple - 1) / multiple * multiple; }

// What one thread does with its scratch memory.
template <typename Element>
class Mixer {
 public:
  Mixer(const BlockStep<Element> &step, const BlockKernels<Element> &kernels, const Element *turned, float *slots)
      : step(step), kernels(kernels), plan(*step.plan), turned(turned), slots(slots),
        perGroup(step.heads / step.groups), dimension(step.dimension) {
    int64_t most = 0;
    for (const MixItem &item : plan.items) most = std::max<int64_t>(most, item.rows);
    mostColumns = upTo(most * perGroup, tileColumns) + tileColumns;
    const int64_t ofSums = upTo(mostColumns * (dimension + 2), 16);
    const int64_t ofQueries = upTo(mostColumns * dimension, 16);  // floats, room enough for elements
    const int64_t ofBlock = upTo(blockPositions * dimension, 16);
    float *memory = threadScratch(2 * ofSums + ofQueries + ofBlock + mostColumns + mixScratch(dimension));
    scratch = memory;
    memory += upTo(mixScratch(dimension), 16);
    total = sumsAt(memory);
    part = sumsAt(memory + ofSums);
    memory += 2 * ofSums;
    gathered = reinterpret_cast<Element *>(memory);
    memory += ofQueries;
    masked = reinterpret_cast<Element *>(memory);
    visible = reinterpret_cast<int32_t *>(memory + ofBlock);
  }

  // Room for a block's keys or values.
  Element *blockScratch() { return masked; }

  // One item for one group. `left`: how many pieces of each sequence are not yet done, [sequences, groups].
  void run(const MixItem &item, int64_t group, std::atomic<int32_t> *left) {
    const int32_t *rows = plan.members.data() + item.firstMember;
    const Element *queries = queriesOf(item, rows, group);
    const int64_t columns = item.rows * perGroup;
    for (int64_t chunk = item.firstChunk; chunk < item.endChunk; ++chunk) {
      const ChunkSums &target = item.isWhole && chunk > item.firstChunk ? part : item.isWhole ? total : part;
      mixChunk(item, rows, group, chunk, queries, target);
      if (!item.isWhole) {
        for (int64_t i = 0; i < item.rows; ++i) keep(rows[i], group, chunk, i * perGroup);
      } else if (chunk > item.firstChunk) {
        kernels.merge(total, part, columns, dimension, kernels.unit);
      }
    }
    if (item.isWhole) {
      for (int64_t i = 0; i < item.rows; ++i) finish(rows[i], group, i * perGroup);
      return;
    }
    int32_t before = -1;
    for (int64_t i = 0; i < item.rows; ++i) {
      const int32_t sequence = plan.rowSequences[size_t(rows[i])];
      if (sequence == before) continue;
      before = sequence;
      if (left[sequence * step.groups + group].fetch_sub(1, std::memory_order_acq_rel) == 1) join(sequence, group);
    }
  }

 private:
  const BlockStep<Element> &step;
  const BlockKernels<Element> &kernels;
  const ct_block_plan &plan;
  const Element *turned;
  float *slots, *scratch;
  int64_t perGroup, dimension, mostColumns;
  ChunkSums total, part;
  Element *gathered, *masked;
  int32_t *visible;

  ChunkSums sumsAt(float *memory) const {
    return {.maxima = memory, .sums = memory + mostColumns, .mixed = memory + 2 * mostColumns};
  }

  const Element *queriesOf(const MixItem &item, const int32_t *rows, int64_t group) {
    const int64_t size = perGroup * dimension;
    const Element *ofGroup = turned + group * plan.rows() * size;
    if (item.isContiguous) return ofGroup + rows[0] * size;
    for (int64_t i = 0; i < item.rows; ++i) std::copy_n(ofGroup + rows[i] * size, size, gathered + i * size);
    return gathered;
  }

  // Columns of all rows in one chunk.
  void mixChunk(
      const MixItem &item, const int32_t *rows, int64_t group, int64_t chunk, const Element *queries,
      const ChunkSums &sums) {
    const int64_t begin = chunk * chunkPositions, first = plan.rowPositions[size_t(rows[0])],
                  last = plan.rowPositions[size_t(rows[item.rows - 1])];
    ChunkOperands<Element> operands;
    operands.dimension = dimension;
    operands.scale = step.scale;
    const int64_t end = std::min(begin + chunkPositions, chunk == plan.lastChunk(rows[0]) ? last + 1 : INT64_MAX);
    operands.blocks = (end - begin + blockPositions - 1) / blockPositions;
    const int32_t *ids = plan.blocks.data() + item.table + chunk * chunkBlocks;
    const int64_t size = blockPositions * dimension;
    for (int64_t b = 0; b < operands.blocks; ++b) {
      const int64_t place = (ids[b] * step.groups + group) * size;
      operands.keys[b] = step.keys + place;
      operands.values[b] = step.values + place;
    }
    if (end == begin + chunkPositions && chunk < plan.lastChunk(rows[0])) {
      std::fill_n(visible, item.rows * perGroup, int32_t(chunkPositions));
      return mixColumns(operands, queries, 0, item.rows * perGroup, sums);
    }
    for (int64_t i = 0; i < item.rows; ++i) {
      std::fill_n(visible + i * perGroup, perGroup, int32_t(plan.rowPositions[size_t(rows[i])] + 1 - begin));
    }
    // Products with probabilities of 0 leave no trace unless a value is not finite. Such ones after a row's own
    // position: each row by itself.
    if (areFinite(operands, first + 1 - begin, last + 1 - begin)) {
      maskAfter(operands, end - begin);
      return mixColumns(operands, queries, 0, item.rows * perGroup, sums);
    }
    for (int64_t i = 0; i < item.rows; ++i) {
      ChunkOperands<Element> own = operands;
      const int64_t seen = visible[i * perGroup];
      own.blocks = (seen + blockPositions - 1) / blockPositions;
      maskAfter(own, seen);
      mixColumns(own, queries, i * perGroup, perGroup, sums);
    }
  }

  // Some columns, in tiles, each of which needs no more blocks than its columns see.
  void mixColumns(
      ChunkOperands<Element> operands, const Element *queries, int64_t first, int64_t count, const ChunkSums &sums) {
    const int64_t blocks = operands.blocks;
    for (int64_t column = first; column < first + count; column += tileColumns) {
      operands.columns = std::min(tileColumns, first + count - column);
      operands.queries = queries + column * dimension;
      operands.visible = visible + column;
      const int64_t seen = *std::max_element(operands.visible, operands.visible + operands.columns);
      operands.blocks = std::min(blocks, (seen + blockPositions - 1) / blockPositions);
      kernels.mix(
          operands, {sums.maxima + column, sums.sums + column, sums.mixed + column * dimension}, scratch);
    }
  }

  // The values at positions begin ..< end of the chunk.
  bool areFinite(const ChunkOperands<Element> &operands, int64_t begin, int64_t end) const {
    using Bits = std::conditional_t<sizeof(Element) == 2, uint16_t, uint32_t>;
    constexpr Bits exponent = sizeof(Element) == 2 ? Bits(0x7f80) : Bits(0x7f800000);
    for (int64_t position = begin; position < end;) {
      const int64_t place = position % blockPositions;
      const bool isPair = place % 2 == 0 && position + 1 < end;
      const Element *row = operands.values[position / blockPositions] + place / 2 * 2 * dimension;
      bool isFinite = true;
      for (int64_t d = 0; d < 2 * dimension; ++d) {
        Bits bits;
        std::memcpy(&bits, row + d, sizeof bits);
        isFinite &= (bits & exponent) != exponent || (!isPair && d % 2 != place % 2);
      }
      if (!isFinite) return false;
      position += isPair ? 2 : 1;
    }
    return true;
  }

  // Values after the first `count` positions become 0, in a copy of the block.
  void maskAfter(ChunkOperands<Element> &operands, int64_t count) {
    const int64_t place = count % blockPositions;
    if (place == 0) return;
    const Element *source = operands.values[count / blockPositions];
    std::copy_n(source, upTo(place, 2) * dimension, masked);
    if (place % 2) {
      Element *row = masked + place / 2 * 2 * dimension;
      for (int64_t d = 0; d < dimension; ++d) row[2 * d + 1] = Element(0);
    }
    std::fill_n(
        masked + upTo(place, 2) * dimension, (blockPositions - upTo(place, 2)) * dimension, Element(0));
    operands.values[count / blockPositions] = masked;
  }

  // A slot: of each head its maximum, its sum, its mixed values.
  float *slot(int64_t row, int64_t group, int64_t chunk) const {
    return slots + ((plan.firstSlots[size_t(row)] + chunk) * step.groups + group) * perGroup * (dimension + 2);
  }
  ChunkSums slotSums(int64_t row, int64_t group, int64_t chunk) const {
    float *memory = slot(row, group, chunk);
    return {.maxima = memory, .sums = memory + perGroup, .mixed = memory + 2 * perGroup};
  }

  void keep(int64_t row, int64_t group, int64_t chunk, int64_t column) {
    const ChunkSums to = slotSums(row, group, chunk);
    std::copy_n(part.maxima + column, perGroup, to.maxima);
    std::copy_n(part.sums + column, perGroup, to.sums);
    std::copy_n(part.mixed + column * dimension, perGroup * dimension, to.mixed);
  }

  // The kept sums of all chunks of a sequence's rows.
  void join(int64_t sequence, int64_t group) {
    for (int64_t row = plan.bounds[size_t(sequence)]; row < plan.bounds[size_t(sequence) + 1]; ++row) {
      const ChunkSums first = slotSums(row, group, 0);
      for (int64_t chunk = 1; chunk <= plan.lastChunk(row); ++chunk) {
        kernels.merge(first, slotSums(row, group, chunk), perGroup, dimension, kernels.unit);
      }
      write(row, group, first);
    }
  }

  void finish(int64_t row, int64_t group, int64_t column) {
    write(row, group, {total.maxima + column, total.sums + column, total.mixed + column * dimension});
  }

  void write(int64_t row, int64_t group, const ChunkSums &sums) {
    Element *out = step.out + (row * step.heads + group * perGroup) * dimension;
    for (int64_t head = 0; head < perGroup; ++head) {
      kernels.finish(sums.mixed + head * dimension, sums.sums[head], out + head * dimension, dimension);
    }
  }
};

// Queries and keys turned, keys and values written, of rows begin ..< end.
// `keys`: room for those of a block.
template <typename Element>
void writeRows(
    const BlockStep<Element> &step, const BlockKernels<Element> &kernels, const RowKernels<Element> &rowKernels,
    Element *turned, Element *keys, int64_t begin, int64_t end) {
  const ct_block_plan &plan = *step.plan;
  const int64_t dimension = step.dimension, half = dimension / 2, perGroup = step.heads / step.groups;
  const int64_t stride = (step.heads + 2 * step.groups) * dimension, size = blockPositions * dimension;
  for (int64_t row = begin; row < end;) {
    const int64_t block = plan.rowBlocks[size_t(row)], place = plan.rowPositions[size_t(row)] % blockPositions;
    int64_t count = 1;
    while (row + count < end && place + count < blockPositions &&
           plan.rowSequences[size_t(row + count)] == plan.rowSequences[size_t(row)]) {
      ++count;
    }
    for (int64_t group = 0; group < step.groups; ++group) {
      for (int64_t i = 0; i < count; ++i) {
        const Element *source = step.joined + (row + i) * stride;
        const int64_t position = plan.rowPositions[size_t(row + i)];
        const float *c = step.cosine + position * half, *s = step.sine + position * half;
        for (int64_t head = group * perGroup; head < (group + 1) * perGroup; ++head) {
          const int64_t target = (group * plan.rows() + row + i) * perGroup + head - group * perGroup;
          rowKernels.rotateHalf(source + head * dimension, c, s, turned + target * dimension, half);
        }
        rowKernels.rotateHalf(
            source + (step.heads + group) * dimension, c, s, keys + i * dimension, half);
      }
      const int64_t target = (block * step.groups + group) * size;
      kernels.writeKeys(keys, count, place, dimension, step.keys + target);
      kernels.writeValues(
          step.joined + row * stride + (step.heads + step.groups + group) * dimension, stride, count, place,
          dimension, step.values + target);
    }
    row += count;
  }
}

}  // namespace

template <typename Element>
int64_t queryScratch(const BlockStep<Element> &step) {
  // Kernels read up to a multiple of 16 columns.
  return (step.plan->rows() * step.heads + 16) * step.dimension;
}

template <typename Element>
int64_t sumScratch(const BlockStep<Element> &step) {
  return step.plan->slots * step.heads * (step.dimension + 2);
}

template <typename Element>
void mixBlocks(const BlockStep<Element> &step, Element *queries, float *sums, int64_t threads) {
  const ct_block_plan &plan = *step.plan;
  const BlockKernels<Element> kernels = blockKernels<Element>(step.dimension);
  const RowKernels<Element> &rows = rowKernels<Element>();
  constexpr int64_t rowsPerPart = 8;
  const int64_t items = int64_t(plan.items.size()), units = items * step.groups;
  const int64_t parts = (plan.rows() + rowsPerPart - 1) / rowsPerPart;
  std::vector<std::atomic<int32_t>> left(plan.slots ? size_t(plan.sequences() * step.groups) : 0);
  for (size_t i = 0; i < left.size(); ++i) left[i] = plan.pieces[i / size_t(step.groups)];
  std::atomic<int64_t> nextPart = 0, written = 0, nextUnit = 0;
  const auto work = [&] {
    // First what can fail: others wait for the parts that this thread takes.
    Mixer<Element> mixer(step, kernels, queries, sums);
    for (int64_t part; (part = nextPart.fetch_add(1)) < parts;) {
      const int64_t end = std::min(plan.rows(), (part + 1) * rowsPerPart);
      writeRows(step, kernels, rows, queries, mixer.blockScratch(), part * rowsPerPart, end);
      written.fetch_add(1, std::memory_order_acq_rel);
    }
    // Those who write are running: the wait is short, and shorter than the end of one loop and the start of another.
    for (int64_t turn = 0; written.load(std::memory_order_acquire) < parts; ++turn) {
      if (turn > 4096) std::this_thread::yield();
    }
    if (kernels.begin) kernels.begin();
    for (int64_t unit; (unit = nextUnit.fetch_add(1)) < units;) {
      mixer.run(plan.items[size_t(unit % items)], unit / items, left.data());
    }
    if (kernels.end) kernels.end();
  };
  parallelFor(0, threads, 1, [&](int64_t, int64_t) { work(); });
}

#define FOR(Element)                                                  \
  template int64_t queryScratch(const BlockStep<Element> &);          \
  template int64_t sumScratch(const BlockStep<Element> &);            \
  template void mixBlocks(const BlockStep<Element> &, Element *, float *, int64_t);
FOR(float)
FOR(c10::BFloat16)
#undef FOR

}  // namespace ctorch
