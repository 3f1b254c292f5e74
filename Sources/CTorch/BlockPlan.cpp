#include "BlockPlan.hpp"

#include <algorithm>
#include <map>
#include <tuple>

using namespace ctorch;

namespace {

// Most rows of an item: enough for a chunk to be read seldom, few enough for their sums to stay in the cache.
constexpr int32_t mostRows = 32;
// Sequences with fewer rows than this share the reading of blocks, and long ones are cut for several threads. With more
// rows there are items enough, and the time goes into products rather than into reading.
constexpr int32_t fewRows = 16;

// About the time of an item: a chunk is read once, and then mixed for each row.
int64_t cost(const MixItem &item) { return int64_t(item.endChunk - item.firstChunk) * (16 + item.rows); }

class Division {
 public:
  explicit Division(ct_block_plan &plan) : plan(plan) {}

  void divide(int64_t threads) {
    std::vector<int32_t> light;
    for (int32_t s = 0; s < plan.sequences(); ++s) {
      const int32_t first = plan.bounds[s], last = plan.bounds[s + 1] - 1;
      if (last - first < fewRows && plan.lastChunk(first) == plan.lastChunk(last)) {
        light.push_back(s);
      } else {
        divideRows(s);
      }
    }
    share(light, 0);
    cut(threads);
    std::sort(plan.items.begin(), plan.items.end(), [](const MixItem &a, const MixItem &b) {
      return std::tuple(-cost(a), a.firstMember, a.firstChunk) < std::tuple(-cost(b), b.firstMember, b.firstChunk);
    });
  }

 private:
  ct_block_plan &plan;

  void add(
      int32_t firstChunk, int32_t endChunk, const std::vector<int32_t> &rows, int32_t sequence, bool isWhole,
      bool isLight) {
    for (size_t first = 0; first < rows.size(); first += mostRows) {
      const size_t count = std::min<size_t>(mostRows, rows.size() - first);
      const auto begin = rows.begin() + int64_t(first), end = begin + int64_t(count);
      plan.items.push_back(MixItem{
          .firstChunk = firstChunk, .endChunk = endChunk, .firstMember = int32_t(plan.members.size()),
          .rows = int32_t(count), .table = int32_t(plan.firstBlocks[sequence]), .isWhole = isWhole, .isLight = isLight,
          .isContiguous = int64_t(*(end - 1)) - *begin + 1 == int64_t(count)});
      plan.members.insert(plan.members.end(), begin, end);
    }
  }

  // The rows of a sequence in runs whose positions lie in one chunk.
  void divideRows(int32_t s) {
    for (int32_t row = plan.bounds[s]; row < plan.bounds[s + 1];) {
      const int32_t chunk = plan.lastChunk(row);
      std::vector<int32_t> run;
      for (; row < plan.bounds[s + 1] && plan.lastChunk(row) == chunk; ++row) run.push_back(row);
      add(0, chunk + 1, run, s, true, false);
    }
  }

  int32_t lastChunkOf(int32_t s) const { return plan.lastChunk(plan.bounds[s]); }

  // Sequences of `group`, which share their chunks before `chunk`: those that share more of them are read together.
  void share(std::vector<int32_t> group, int32_t chunk) {
    while (!group.empty()) {
      std::map<std::vector<int32_t>, std::vector<int32_t>> parts;
      for (const int32_t s : group) {
        if (chunk == lastChunkOf(s)) {
          alone(s, chunk);
          continue;
        }
        const auto ids = plan.blocks.begin() + plan.firstBlocks[s] + chunk * chunkBlocks;
        parts[std::vector<int32_t>(ids, ids + chunkBlocks)].push_back(s);
      }
      group.clear();
      for (auto &[ids, part] : parts) {
        if (part.size() == 1) {
          alone(part[0], chunk);
        } else {
          std::vector<int32_t> rows;
          for (const int32_t s : part) {
            for (int32_t row = plan.bounds[s]; row < plan.bounds[s + 1]; ++row) rows.push_back(row);
          }
          add(chunk, chunk + 1, rows, part[0], false, true);
          if (parts.size() == 1) {
            group = std::move(part);
          } else {
            share(std::move(part), chunk + 1);
          }
        }
      }
      ++chunk;
    }
  }

  void alone(int32_t s, int32_t chunk) {
    std::vector<int32_t> rows;
    for (int32_t row = plan.bounds[s]; row < plan.bounds[s + 1]; ++row) rows.push_back(row);
    add(chunk, lastChunkOf(s) + 1, rows, s, chunk == 0, true);
  }

  // Items that would keep one thread busy when the others are done are cut, where they have all rows of
  // their sequences.
  void cut(int64_t threads) {
    int64_t total = 0;
    for (const MixItem &item : plan.items) total += cost(item);
    const int64_t target = std::max<int64_t>(1, total / (4 * threads));
    std::vector<MixItem> pieces;
    for (MixItem item : plan.items) {
      const int32_t chunks = item.endChunk - item.firstChunk;
      plan.chunks += chunks;
      const int64_t parts = item.isLight ? std::clamp<int64_t>(cost(item) / target, 1, chunks) : 1;
      item.isWhole = item.isWhole && parts == 1;
      const int32_t first = item.firstChunk;
      for (int64_t part = 0; part < parts; ++part) {
        item.firstChunk = int32_t(first + chunks * part / parts);
        item.endChunk = int32_t(first + chunks * (part + 1) / parts);
        pieces.push_back(item);
        if (!item.isWhole) count(item);
      }
    }
    plan.items = std::move(pieces);
    for (int64_t row = 0; row < plan.rows(); ++row) {
      plan.firstSlots[row] = plan.slots;
      if (plan.pieces[plan.rowSequences[row]]) plan.slots += plan.lastChunk(row) + 1;
    }
  }

  // A sequence counts once for each item, however many rows of it that has.
  void count(const MixItem &item) {
    int32_t before = -1;
    for (int32_t i = 0; i < item.rows; ++i) {
      const int32_t sequence = plan.rowSequences[plan.members[item.firstMember + i]];
      if (sequence != before) ++plan.pieces[sequence];
      before = sequence;
    }
  }
};

}  // namespace

void ct_block_plan::divide(int64_t threads) {
  pieces.assign(starts.size(), 0);
  firstSlots.assign(size_t(rows()), 0);
  if (blockSize == blockPositions) Division(*this).divide(threads);
}
