// What the two ways to choose tokens share.
#pragma once

#include <span>

#include "CTorch.h"

namespace at {
class Tensor;
}

namespace ctorch {

struct Questions {
  std::span<const ct_row_question> rows;
  std::span<const int32_t> ids;

  // Tokens that may be chosen by their ids.
  std::span<const int32_t> listed(const ct_row_question &question) const { return part(question.listed); }
  // Tokens that the large set lacks.
  std::span<const int32_t> missing(const ct_row_question &question) const { return part(question.missing); }

 private:
  std::span<const int32_t> part(ct_range range) const {
    return ids.subspan(size_t(range.begin), size_t(range.end - range.begin));
  }
};

// Whether the token is drawn rather than the most probable one. A temperature that float32 does not tell from 0 is 0.
inline bool isDrawn(const ct_row_question &question) {
  return question.token < 0 && float(question.temperature) > 0;
}

// By ATen's operators, wherever the logits are: their results reach this processor all at once.
void answerByATen(const at::Tensor &logits, const Questions &questions, ct_row_answer *answers);

}  // namespace ctorch
