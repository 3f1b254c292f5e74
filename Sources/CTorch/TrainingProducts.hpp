// Matrix products of the training path.
#pragma once

#include "Support.hpp"

namespace ctorch {

// Whether products of this dtype run at the device's speed as they are.
inline bool isFast(const at::Tensor &x) { return !isWidened(x) && !(x.is_cpu() && x.scalar_type() == at::kHalf); }

// out = beta · out + alpha · left · right, whatever the three dtypes: in float32 on processors without fast bfloat16
// products, else in the narrower of the operands' dtypes.
void multiplyInto(at::Tensor &out, const at::Tensor &left, const at::Tensor &right, double beta, double alpha);

}  // namespace ctorch
