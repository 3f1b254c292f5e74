// Weights that are not plain, at the boundary.
#pragma once

#include <vector>

#include "Support.hpp"
#include "WeightRows.hpp"

namespace ctorch {

// A weight on the CPU with what is said of it checked; throws a Failure.
StoredWeight storedWeight(const ct_weight &weight);

// All rows of a weight as numbers, in float32 or bfloat16.
at::Tensor numbers(const StoredWeight &weight, at::ScalarType dtype);

// The products of rows of x with weights of int8 side by side: out [rows, sum of outputs], of x's dtype as `residual`
// is where there is one. All of them are contiguous.
void multiplyInt8(
    at::Tensor &out, const at::Tensor &x, const std::vector<StoredWeight> &weights, const at::Tensor *residual);

}  // namespace ctorch
