// Attention of a step on blocks of keys and values, without ATen.
#pragma once

#include <cstdint>

#include "BlockPlan.hpp"

namespace ctorch {

template <typename Element>
struct BlockStep {
  const ct_block_plan *plan;
  int64_t heads, groups, dimension;
  float scale;
  const Element *joined;  // [T, (heads + 2 · groups) · D]
  const float *cosine, *sine;
  Element *keys, *values;  // [blocks, groups, D/2, 32, 2], [blocks, groups, 16, D, 2]
  Element *out;            // [T, heads · D]
};

// Of scratch memory that mixBlocks needs beside: in elements, and in floats.
template <typename Element>
int64_t queryScratch(const BlockStep<Element> &step);
template <typename Element>
int64_t sumScratch(const BlockStep<Element> &step);

template <typename Element>
void mixBlocks(const BlockStep<Element> &step, Element *queries, float *sums, int64_t threads);

}  // namespace ctorch
