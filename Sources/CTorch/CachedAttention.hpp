// Attention of the newest rows of one sequence on its cached keys and values.
#pragma once

#include <ATen/ATen.h>

namespace ctorch {

// Causal attention of the last T of `length` cached positions by ATen's operators: query [H, T, D], caches [Hkv,
// capacity, D] -> [T, H·D].
at::Tensor cachedAttention(
    const at::Tensor &query, const at::Tensor &keyCache, const at::Tensor &valueCache, int64_t length, double scale);

}  // namespace ctorch
