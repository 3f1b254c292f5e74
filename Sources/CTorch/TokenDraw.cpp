#include "TokenDraw.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace ctorch {
namespace {

// Bits that sort as the numbers do; both zeros are one, and NaN is as small as what is left out.
uint32_t sortableBits(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(std::isnan(value) ? -INFINITY : value + 0.0f);
  return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

}  // namespace

// From the smallest key up, and of equal keys from the last place on, elements go as long as `sum` and the weights of
// all that go make no more than `limit`; the first of the largest stays in any case.
//
// The keys are counted into buckets, and only the bucket where the limit lies is looked into: no sorting, however many
// are equal.
template <typename Weight>
TokenDraw::Cut TokenDraw::cut(const uint32_t *keys, int64_t count, double sum, double limit, Weight weight) {
  constexpr int bucketBits = 11;
  const auto [least, greatest] = std::minmax_element(keys, keys + count);
  uint32_t low = *least, high = *greatest;
  const uint32_t largest = high;
  rest.assign(keys, keys + count);
  while (low != high) {
    const int shift = std::max(0, int(std::bit_width(high - low)) - bucketBits);
    const size_t buckets = size_t((high - low) >> shift) + 1;
    sums.assign(buckets, 0);
    for (const uint32_t key : rest) sums[(key - low) >> shift] += weight(key);
    // The last bucket is not empty: it holds the largest.
    size_t chosen = 0;
    while (chosen + 1 < buckets && !(sum + sums[chosen] > limit)) sum += sums[chosen++];
    const uint32_t base = low;
    std::erase_if(rest, [&](uint32_t key) { return (key - base) >> shift != chosen; });
    const auto [first, last] = std::minmax_element(rest.begin(), rest.end());
    low = *first;
    high = *last;
  }
  const auto equals = int64_t(rest.size());
  const int64_t most = low == largest ? equals - 1 : equals;
  int64_t removed = 0;
  while (removed < most && !((sum += weight(low)) > limit)) ++removed;
  return {low, removed};
}

// Leaves out all below the largest `number`; those that equal the last of them stay. Returns how many stay.
int64_t TokenDraw::keepLargest(float *scaled, int64_t count, int64_t candidates, int64_t number) {
  if (number <= 0 || number >= candidates) return candidates;
  keys.resize(size_t(count));
  for (int64_t i = 0; i < count; ++i) keys[size_t(i)] = sortableBits(scaled[i]);
  const uint32_t least = cut(keys.data(), count, 0, double(count - number), [](uint32_t) { return 1.0; }).key;
  int64_t kept = 0;
  for (int64_t i = 0; i < count; ++i) {
    if (keys[size_t(i)] >= least) {
      ++kept;
    } else {
      scaled[i] = -INFINITY;
    }
  }
  return kept;
}

int64_t TokenDraw::draw(float *scaled, int64_t count, int64_t candidates, float maximum, const Sampling &sampling) {
  if (maximum == -INFINITY) return -1;
  if (maximum == INFINITY) {
    for (int64_t i = 0; i < count; ++i) scaled[i] = scaled[i] == INFINITY ? 0 : -INFINITY;
    maximum = 0;
  }
  candidates = keepLargest(scaled, count, candidates, sampling.topK);
  float *weights = scaled;
  const float sum = float(kernels.exponentials(weights, count, maximum));
  if (sampling.topP >= 1) return kernels.draw(weights, count, sum, sampling.uniform);

  // Whatever lies below (1-p)/V sums to less than 1-p and goes in any case: only the rest needs looking at.
  const double limit = 1 - std::max(sampling.topP, 0.0);
  const float share = std::min(float(limit / double(candidates)), 1 / sum);  // the largest is there in any case
  const float negligible = std::max(share, 0x1p-149f);
  places.resize(size_t(count));
  keys.resize(size_t(count));
  double below = 0;
  const int64_t listed = kernels.collect(weights, count, sum, negligible, places.data(), keys.data(), &below);
  const auto shareOf = [](uint32_t key) { return double(std::bit_cast<float>(key)); };
  const Cut least = cut(keys.data(), listed, below, limit, shareOf);

  int64_t equals = std::count(keys.data(), keys.data() + listed, least.key) - least.removed;
  int64_t kept = 0;
  double keptSum = 0;
  for (int64_t i = 0; i < listed; ++i) {
    const uint32_t key = keys[size_t(i)];
    if (key < least.key || (key == least.key && equals-- <= 0)) continue;
    const int32_t place = places[size_t(i)];
    places[size_t(kept++)] = place;
    keptSum += double(weights[place]);
  }
  const float divisor = float(keptSum);
  double total = 0;
  int64_t last = places[0];
  for (int64_t i = 0; i < kept; ++i) {
    const float share = weights[places[size_t(i)]] / divisor;
    total += double(share);
    if (total > sampling.uniform) return places[size_t(i)];
    if (share > 0) last = places[size_t(i)];
  }
  return last;
}

}  // namespace ctorch
