// One draw from a row of logits: temperature, then top-k, then top-p, then the inverse of the cumulative distribution,
// as transformers' warpers do in that order.
#pragma once

#include <cstdint>
#include <vector>

#include "ChoiceKernels.hpp"

namespace ctorch {

struct Sampling {
  float temperature;  // above 0
  double topP;
  int64_t topK;
  double uniform;  // in [0, 1)
};

// Draws with the memory that it keeps from draw to draw.
class TokenDraw {
 public:
  explicit TokenDraw(const WeightKernels &kernels) : kernels(kernels) {}

  // A place among `count` logits that are divided by the temperature already; they are overwritten. Infinitely small
  // ones are never drawn; -1 where there are no others. `candidates`: how many of them are not there to be left out.
  int64_t draw(float *scaled, int64_t count, int64_t candidates, float maximum, const Sampling &sampling);

 private:
  // The smallest key that stays, and how many of its last places go.
  struct Cut {
    uint32_t key;
    int64_t removed;
  };
  template <typename Weight>
  Cut cut(const uint32_t *keys, int64_t count, double sum, double limit, Weight weight);
  int64_t keepLargest(float *scaled, int64_t count, int64_t candidates, int64_t number);

  const WeightKernels &kernels;
  std::vector<int32_t> places;
  std::vector<uint32_t> keys, rest;
  std::vector<double> sums;
};

}  // namespace ctorch
