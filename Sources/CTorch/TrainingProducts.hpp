// Matrix products of the training path.
#pragma once

#include "Elements.hpp"

namespace ctorch {

// Whether products of this dtype run as they are, at the device's speed or because that was asked for.
inline bool isFast(const at::Tensor &x) { return !isWidened(x) && !(x.is_cpu() && x.scalar_type() == at::kHalf); }

// out = beta · out + alpha · left · right, whatever the three dtypes: ct_multiply_into says what is rounded when.
void multiplyInto(at::Tensor &out, const at::Tensor &left, const at::Tensor &right, double beta, double alpha);

}  // namespace ctorch
