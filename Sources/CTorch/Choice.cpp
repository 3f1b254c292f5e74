// Choosing tokens from rows of logits, row by row on a CPU.
#include <ATen/core/grad_mode.h>

#include <cmath>

#include "Answering.hpp"
#include "Elements.hpp"
#include "Parallel.hpp"

using namespace ctorch;

namespace {

template <typename Element>
void answerRows(const at::Tensor &logits, const Questions &questions, ct_row_answer *answers) {
  const int64_t vocabulary = logits.size(1), stride = logits.stride(0), parts = (vocabulary + partSize - 1) / partSize;
  const auto count = int64_t(questions.rows.size());
  const Element *rows = constData<Element>(logits);
  const LogitKernels<Element> &kernels = logitKernels<Element>();
  const LogitKernels<float> &floats = logitKernels<float>();
  const WeightKernels &weights = weightKernels();

  std::vector<Part> summaries(size_t(count * parts));
  parallelFor(0, count * parts, grain(partSize), [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) {
      const ct_row_question &question = questions.rows[size_t(i / parts)];
      const int64_t begin = i % parts * partSize;
      summaries[size_t(i)] = summary(
          kernels, rows + question.row * stride + begin, std::min(partSize, vocabulary - begin),
          float(1 / question.log_probability_temperature));
    }
  });
  parallelFor(0, count, 1, [&](int64_t first, int64_t last) {
    Answering<Element> answering(questions, vocabulary, kernels, floats, weights);
    for (int64_t i = first; i < last; ++i) {
      const ct_row_question &question = questions.rows[size_t(i)];
      answers[i] = answering.answer(
          question, rows + question.row * stride, std::span(summaries).subspan(size_t(i * parts), size_t(parts)));
    }
  });
}

void expectRange(ct_range range, int64_t count) {
  expect(range.begin >= 0 && range.begin <= range.end && range.end <= count, "a range of ids is not within the ids");
}

bool operator==(const ct_range &a, const ct_range &b) { return a.begin == b.begin && a.end == b.end; }

// `checked`: the last missing ids that were looked at; the rows of a step share them.
void check(
    const ct_row_question &question, const Questions &questions, int64_t rows, int64_t vocabulary, ct_range &checked) {
  expect(question.row >= 0 && question.row < rows, "a question's row is not there");
  expect(question.token < vocabulary, "a token is not in the vocabulary");
  const double divisor = question.log_probability_temperature;
  expect(
      float(1 / divisor) > 0 && std::isfinite(float(1 / divisor)),
      "the temperature of log-probabilities is not a number above 0");
  if (question.token >= 0) return;
  expect(!std::isnan(question.temperature) && !std::isnan(question.top_p), "a temperature or top-p is not a number");
  expect(question.uniform >= 0 && question.uniform < 1, "a uniform number is not in [0, 1)");
  if (question.allowed == CT_ALLOW_ALL) return;
  expect(
      question.allowed == CT_ALLOW_LISTED || question.allowed == CT_ALLOW_LISTED_AND_OTHERS,
      "a code for what is allowed is not known");
  expectRange(question.listed, int64_t(questions.ids.size()));
  for (const int32_t id : questions.listed(question)) {
    expect(id >= 0 && id < vocabulary, "an allowed token is not in the vocabulary");
  }
  if (question.allowed == CT_ALLOW_LISTED) {
    return expect(question.listed.begin < question.listed.end, "no token is allowed");
  }
  expectRange(question.missing, int64_t(questions.ids.size()));
  const auto missing = questions.missing(question);
  int64_t before = -1;
  for (size_t i = 0; i < missing.size() && !(question.missing == checked); ++i) {
    expect(missing[i] > before && missing[i] < vocabulary, "what a large set lacks is not ascending ids");
    before = missing[i];
  }
  checked = question.missing;
  expect(
      int64_t(missing.size()) < vocabulary || question.listed.begin < question.listed.end, "no token is allowed");
}

}  // namespace

ct_status ct_choose_rows(
    const ct_tensor *logits, const ct_row_question *questions, int32_t count, const int32_t *ids, int64_t id_count,
    ct_row_answer *answers) {
  return guarded("choose_rows", {logits}, [&] {
    at::NoGradGuard guard;
    const at::Tensor &x = logits->value;
    expect(x.dim() == 2 && at::isFloatingType(x.scalar_type()), "the logits are no matrix of floating-point numbers");
    expect(x.size(1) > 0 && x.size(1) <= INT32_MAX, "the vocabulary is empty or too large");
    expect(count >= 0 && id_count >= 0, "a count is negative");
    const Questions asked = {{questions, size_t(count)}, {ids, size_t(id_count)}};
    ct_range checked = {0, 0};
    for (const ct_row_question &question : asked.rows) check(question, asked, x.size(0), x.size(1), checked);
    if (count == 0) return;
    if (!hasRowKernels(x)) return answerByATen(x, asked, answers);
    const at::Tensor rows = x.stride(1) == 1 ? x : x.contiguous();
    withElement(rows, [&](auto element) { answerRows<decltype(element)>(rows, asked, answers); });
  });
}
