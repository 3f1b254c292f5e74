// Products of rows on any processor, in vectors of four.
#include <algorithm>
#include <cstring>
#include <type_traits>

#include "RowMath.hpp"
#include "RowProducts.hpp"

namespace ctorch {
namespace {

constexpr int lanes = 4;
constexpr int64_t groupRows = 3;

#include "RowProductsLanes.hpp"

}  // namespace

RowProductTable plainRowProducts() { return {kernels<Floats>(), kernels<Halves>()}; }

}  // namespace ctorch
