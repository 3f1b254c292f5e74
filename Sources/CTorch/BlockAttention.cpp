// Attention of many sequences whose keys and values stand in blocks.
#include <ATen/core/grad_mode.h>

#include <ATen/Parallel.h>

#include <algorithm>
#include <memory>

#include "BlockMixing.hpp"
#include "BlockPlan.hpp"
#include "CachedAttention.hpp"
#include "Elements.hpp"

using namespace ctorch;

namespace {

// What the rows of one sequence write of a block.
struct Written {
  int32_t block, begin, end;
};

void expectDisjoint(std::vector<Written> written) {
  std::sort(written.begin(), written.end(), [](const Written &a, const Written &b) {
    return a.block != b.block ? a.block < b.block : a.begin < b.begin;
  });
  for (size_t i = 1; i < written.size(); ++i) {
    expect(
        written[i - 1].block != written[i].block || written[i - 1].end <= written[i].begin,
        "two rows write the same place of a block");
  }
}

}  // namespace

ct_status ct_block_plan_create(
    const int32_t *bounds, const int32_t *starts, int32_t sequences, const int32_t *blocks, int64_t block_ids,
    int32_t block_size, ct_block_plan **out) {
  return guarded("block plan", {}, [&] {
    expect(sequences > 0 && bounds[0] == 0, "there are no sequences, or the first does not begin with the first row");
    expect(block_size > 0 && block_size % 2 == 0, "the size of a block must be even");
    auto plan = std::make_unique<ct_block_plan>();
    plan->bounds.assign(bounds, bounds + sequences + 1);
    plan->starts.assign(starts, starts + sequences);
    plan->blocks.assign(blocks, blocks + block_ids);
    plan->blockSize = block_size;
    int64_t next = 0;
    std::vector<Written> written;
    for (int32_t i = 0; i < sequences; ++i) {
      const int64_t rows = int64_t(bounds[i + 1]) - bounds[i], end = starts[i] + rows;
      expect(rows > 0 && starts[i] >= 0, "a sequence has no rows, or begins before the first position");
      plan->firstBlocks.push_back(next);
      plan->positions = std::max(plan->positions, end);
      const int64_t needed = (end + block_size - 1) / block_size;
      expect(needed <= block_ids - next, "the blocks are not those that the positions need");
      for (int64_t position = starts[i]; position < end;) {
        const int32_t block = blocks[next + position / block_size], place = int32_t(position % block_size);
        const int32_t count = int32_t(std::min<int64_t>(block_size - place, end - position));
        written.push_back({block, place, place + count});
        for (int32_t k = 0; k < count; ++k, ++position) {
          plan->rowPositions.push_back(int32_t(position));
          plan->rowBlocks.push_back(block);
          plan->rowSequences.push_back(i);
        }
      }
      next += needed;
    }
    expect(next == block_ids, "the blocks are not those that the positions need");
    expect(plan->positions <= INT32_MAX, "a position is too large");
    plan->largestBlock = *std::max_element(plan->blocks.begin(), plan->blocks.end());
    expect(*std::min_element(plan->blocks.begin(), plan->blocks.end()) >= 0, "a block's number is negative");
    expectDisjoint(std::move(written));
    plan->divide(at::get_num_threads());
    *out = plan.release();
  });
}

void ct_block_plan_free(ct_block_plan *plan) { delete plan; }

namespace {

at::Tensor rotated(const at::Tensor &heads, const at::Tensor &cosine, const at::Tensor &sine) {
  // heads [T, N, D]; cosine, sine [T, D/2]
  const int64_t half = cosine.size(-1);
  const at::Tensor first = heads.slice(-1, 0, half).to(at::kFloat), second = heads.slice(-1, half).to(at::kFloat);
  const at::Tensor c = cosine.unsqueeze(1), s = sine.unsqueeze(1);
  return at::cat({first * c - second * s, second * c + first * s}, -1).to(heads.scalar_type());
}

// By ATen's operators, sequence by sequence.
at::Tensor attentionByOperators(
    const ct_block_plan &plan, const at::Tensor &joined, const at::Tensor &cosine, const at::Tensor &sine,
    at::Tensor &keys, at::Tensor &values, double scale) {
  const int64_t groups = keys.size(1), dimension = values.size(3), size = plan.blockSize;
  const int64_t heads = joined.size(1) / dimension - 2 * groups;
  std::vector<at::Tensor> mixed;
  for (int64_t i = 0; i < plan.sequences(); ++i) {
    const int64_t start = plan.starts[i], rows = plan.bounds[i + 1] - plan.bounds[i], length = start + rows;
    const at::Tensor own = joined.slice(0, plan.bounds[i], plan.bounds[i + 1]).unflatten(1, {heads + 2 * groups, -1});
    const at::Tensor turned =
        rotated(own.slice(1, 0, heads + groups), cosine.slice(0, start, length), sine.slice(0, start, length));
    const int32_t *table = plan.blocks.data() + plan.firstBlocks[i];
    for (int64_t row = 0; row < rows; ++row) {
      const int64_t block = table[(start + row) / size], place = (start + row) % size;
      keys[block].select(2, place).copy_(turned[row].slice(0, heads).unflatten(1, {dimension / 2, 2}));
      values[block].select(1, place / 2).select(2, place % 2).copy_(own[row].slice(0, heads + groups));
    }
    std::vector<int64_t> numbers(table, table + (length + size - 1) / size);
    const at::Tensor index = at::tensor(numbers, at::kLong);
    // [n, G, D/2, B, 2], [n, G, B/2, D, 2] -> [G, n * B, D]
    const at::Tensor ownKeys = keys.index_select(0, index).permute({1, 0, 3, 2, 4}).flatten(3).flatten(1, 2);
    const at::Tensor ownValues = values.index_select(0, index).permute({1, 0, 2, 4, 3}).flatten(1, 3);
    mixed.push_back(cachedAttention(
        turned.slice(1, 0, heads).transpose(0, 1).contiguous(), ownKeys.contiguous(), ownValues.contiguous(), length,
        scale));
  }
  return mixed.size() == 1 ? mixed[0] : at::cat(mixed);
}

// By own kernels.
at::Tensor attentionByBlocks(
    const ct_block_plan &plan, const at::Tensor &joined, const at::Tensor &cosine, const at::Tensor &sine,
    at::Tensor &keys, at::Tensor &values, double scale) {
  const at::Tensor rows = joined.contiguous(), c = cosine.contiguous(), s = sine.contiguous();
  const int64_t groups = keys.size(1), dimension = values.size(3), heads = rows.size(1) / dimension - 2 * groups;
  at::Tensor out = at::empty({plan.rows(), heads * dimension}, rows.options());
  withElement(rows, [&](auto element) {
    using Element = decltype(element);
    const BlockStep<Element> step{
        .plan = &plan, .heads = heads, .groups = groups, .dimension = dimension, .scale = float(scale),
        .joined = constData<Element>(rows), .cosine = constData<float>(c), .sine = constData<float>(s),
        .keys = data<Element>(keys), .values = data<Element>(values), .out = data<Element>(out)};
    at::Tensor queries = at::empty({queryScratch(step)}, rows.options());
    at::Tensor sums = at::empty({sumScratch(step)}, rows.options().dtype(at::kFloat));
    // A thread is worth waking for some microseconds of work.
    const int64_t chunkElements = 2 * groups * chunkPositions * dimension, perThread = 1 << 16;
    const int64_t elements = plan.chunks * chunkElements + joined.numel();
    mixBlocks(
        step, data<Element>(queries), data<float>(sums),
        std::clamp<int64_t>(elements / perThread, 1, at::get_num_threads()));
  });
  return out;
}

}  // namespace

ct_status ct_block_attention(
    const ct_block_plan *plan, ct_tensor *joined, const ct_tensor *cosine, const ct_tensor *sine, ct_tensor *keys,
    ct_tensor *values, double scale, ct_tensor **out) {
  return guarded("block attention", {joined, cosine, sine, keys, values}, [&] {
    at::NoGradGuard guard;
    const at::Tensor &q = joined->value, &k = keys->value, &v = values->value, &c = cosine->value, &s = sine->value;
    expect(q.dim() == 2 && k.dim() == 5 && v.dim() == 5, "expected queries [T, ..] and blocks of five dimensions");
    const int64_t groups = k.size(1), dimension = v.size(3), size = plan->blockSize;
    expect(dimension > 0 && dimension % 2 == 0, "the head dimension must be even");
    expect(
        k.sizes() == at::IntArrayRef({k.size(0), groups, dimension / 2, size, 2}) &&
            v.sizes() == at::IntArrayRef({k.size(0), groups, size / 2, dimension, 2}) &&
            plan->largestBlock < k.size(0) && groups > 0,
        "keys and values are not blocks [blocks, G, D/2, size, 2] and [blocks, G, size/2, D, 2] that fit the plan");
    expect(
        q.size(0) == plan->bounds.back() && q.size(1) % dimension == 0 && q.size(1) / dimension > 2 * groups &&
            (q.size(1) / dimension) % groups == 0 && q.scalar_type() == k.scalar_type() &&
            q.scalar_type() == v.scalar_type() && q.device() == k.device() && q.device() == v.device(),
        "queries, keys and values do not fit the blocks");
    expect(
        c.dim() == 2 && c.sizes() == s.sizes() && c.size(1) == dimension / 2 && c.size(0) >= plan->positions &&
            c.scalar_type() == at::kFloat && s.scalar_type() == at::kFloat && c.device() == q.device() &&
            s.device() == q.device(),
        "the rotary tables must be float32 [positions, D/2] and reach the last position");
    const bool isOwn = hasRowKernels(q);
    expect(!isOwn || size == blockPositions, "own kernels take blocks of 32 positions");
    expect(!isOwn || (k.is_contiguous() && v.is_contiguous()), "the blocks must be contiguous");
    const auto attention = isOwn ? attentionByBlocks : attentionByOperators;
    give(out, attention(*plan, q, c, s, keys->value, values->value, scale));
  });
}
