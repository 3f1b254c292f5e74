// Attention of many sequences whose keys and values stand in blocks.
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <memory>

#include "CachedAttention.hpp"
#include "Elements.hpp"

using namespace ctorch;

struct ct_block_plan {
  std::vector<int32_t> bounds, starts, blocks;
  std::vector<int64_t> firstBlocks;  // of each sequence, into blocks
  int64_t blockSize, positions, largestBlock;

  int64_t sequences() const { return int64_t(starts.size()); }
};

ct_status ct_block_plan_create(
    const int32_t *bounds, const int32_t *starts, int32_t sequences, const int32_t *blocks, int64_t block_ids,
    int32_t block_size, ct_block_plan **out) {
  return guarded("block plan", {}, [&] {
    expect(sequences > 0 && block_size > 0 && bounds[0] == 0, "there are no sequences, or the first has no rows");
    auto plan = std::make_unique<ct_block_plan>();
    plan->bounds.assign(bounds, bounds + sequences + 1);
    plan->starts.assign(starts, starts + sequences);
    plan->blocks.assign(blocks, blocks + block_ids);
    plan->blockSize = block_size;
    plan->positions = 0;
    int64_t next = 0;
    for (int32_t i = 0; i < sequences; ++i) {
      const int64_t rows = int64_t(bounds[i + 1]) - bounds[i];
      expect(rows > 0 && starts[i] >= 0, "a sequence has no rows, or begins before the first position");
      plan->firstBlocks.push_back(next);
      plan->positions = std::max<int64_t>(plan->positions, starts[i] + rows);
      next += (starts[i] + rows + block_size - 1) / block_size;
    }
    expect(next == block_ids, "the blocks are not those that the positions need");
    plan->largestBlock = *std::max_element(plan->blocks.begin(), plan->blocks.end());
    expect(*std::min_element(plan->blocks.begin(), plan->blocks.end()) >= 0, "a block's number is negative");
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
  const int64_t groups = keys.size(1), dimension = keys.size(3), size = plan.blockSize;
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
      keys[block].select(1, place).copy_(turned[row].slice(0, heads));
      values[block].select(2, place).copy_(own[row].slice(0, heads + groups));
    }
    std::vector<int64_t> numbers(table, table + (length + size - 1) / size);
    const at::Tensor index = at::tensor(numbers, at::kLong);
    // [n, G, B, D] -> [G, n * B, D]
    const at::Tensor ownKeys = keys.index_select(0, index).permute({1, 0, 2, 3}).flatten(1, 2);
    const at::Tensor ownValues = values.index_select(0, index).permute({1, 0, 3, 2}).flatten(1, 2);
    mixed.push_back(cachedAttention(
        turned.slice(1, 0, heads).transpose(0, 1).contiguous(), ownKeys.contiguous(), ownValues.contiguous(), length,
        scale));
  }
  return mixed.size() == 1 ? mixed[0] : at::cat(mixed);
}

}  // namespace

ct_status ct_block_attention(
    const ct_block_plan *plan, ct_tensor *joined, const ct_tensor *cosine, const ct_tensor *sine, ct_tensor *keys,
    ct_tensor *values, double scale, ct_tensor **out) {
  return guarded("block attention", {joined, cosine, sine, keys, values}, [&] {
    at::NoGradGuard guard;
    const at::Tensor &q = joined->value, &k = keys->value, &v = values->value, &c = cosine->value, &s = sine->value;
    expect(q.dim() == 2 && k.dim() == 4 && v.dim() == 4, "expected queries [T, ..] and blocks of four dimensions");
    const int64_t groups = k.size(1), dimension = k.size(3);
    expect(
        k.size(2) == plan->blockSize && v.size(0) == k.size(0) && v.size(1) == groups && v.size(2) == dimension &&
            v.size(3) == plan->blockSize && plan->largestBlock < k.size(0) && dimension > 0 && dimension % 2 == 0,
        "keys and values are not blocks [blocks, G, size, D] and [blocks, G, D, size] that fit the plan");
    expect(
        q.size(0) == plan->bounds.back() && q.size(1) % dimension == 0 && q.size(1) / dimension > 2 * groups &&
            (q.size(1) / dimension) % groups == 0 && q.scalar_type() == k.scalar_type() &&
            q.scalar_type() == v.scalar_type(),
        "queries, keys and values do not fit the blocks");
    expect(
        c.dim() == 2 && c.sizes() == s.sizes() && c.size(1) == dimension / 2 && c.size(0) >= plan->positions &&
            c.scalar_type() == at::kFloat && s.scalar_type() == at::kFloat,
        "the rotary tables must be float32 [positions, D/2] and reach the last position");
    give(out, attentionByOperators(*plan, q, c, s, keys->value, values->value, scale));
  });
}
