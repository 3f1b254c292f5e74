// Weights that are not plain, at the boundary.
#pragma once

#include "Support.hpp"

namespace ctorch {

// ct_multiply_rows for weights of which one or more are not plain.
at::Tensor multiplyQuantized(
    const at::Tensor &x, const ct_weight *weights, int32_t count, const ct_tensor *residual);

// Whether one of them is not plain.
bool areQuantized(const ct_weight *weights, int32_t count);

}  // namespace ctorch
