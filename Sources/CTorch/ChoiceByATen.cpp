// Choosing tokens from rows of logits by ATen's operators, all rows at once: what goes to the device are the questions,
// what comes back are the answers.
#include <algorithm>
#include <limits>

#include "Choice.hpp"
#include "Support.hpp"

namespace ctorch {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

at::Tensor onDevice(const std::vector<int64_t> &values, at::Device device) {
  return at::tensor(values, at::TensorOptions(at::kLong)).to(device);
}
at::Tensor onDevice(const std::vector<double> &values, at::Device device) {
  return at::tensor(values, at::TensorOptions(at::kDouble)).to(device);
}

// Which tokens each row may choose [rows, V]; undefined where all may choose all.
at::Tensor allowedTokens(const Questions &questions, int64_t vocabulary, at::Device device) {
  // A row of `kinds` for all tokens, one for none, and one for each large set.
  std::vector<ct_range> sets;
  std::vector<int64_t> kindOfRow, missing, listed;
  for (size_t row = 0; row < questions.rows.size(); ++row) {
    const ct_row_question &question = questions.rows[row];
    if (question.token >= 0 || question.allowed == CT_ALLOW_ALL) {
      kindOfRow.push_back(0);
      continue;
    }
    for (const int32_t id : questions.listed(question)) listed.push_back(int64_t(row) * vocabulary + id);
    if (question.allowed == CT_ALLOW_LISTED) {
      kindOfRow.push_back(1);
      continue;
    }
    size_t set = 0;
    while (set < sets.size() && (sets[set].begin != question.missing.begin || sets[set].end != question.missing.end)) {
      ++set;
    }
    kindOfRow.push_back(int64_t(set) + 2);
    if (set < sets.size()) continue;
    sets.push_back(question.missing);
    for (const int32_t id : questions.missing(question)) missing.push_back(int64_t(set + 2) * vocabulary + id);
  }
  if (std::all_of(kindOfRow.begin(), kindOfRow.end(), [](int64_t kind) { return kind == 0; })) return {};
  at::Tensor kinds = at::ones({int64_t(sets.size()) + 2, vocabulary}, at::TensorOptions(at::kBool).device(device));
  kinds.select(0, 1).zero_();
  kinds.view(-1).index_fill_(0, onDevice(missing, device), 0);
  at::Tensor allowed = kinds.index_select(0, onDevice(kindOfRow, device));
  allowed.view(-1).index_fill_(0, onDevice(listed, device), 1);
  return allowed;
}

// The tokens that are drawn for some rows [rows, V], in which -infinity stands for what cannot be.
at::Tensor drawn(const at::Tensor &logits, const std::vector<const ct_row_question *> &questions) {
  const int64_t vocabulary = logits.size(1);
  std::vector<double> temperatures, limits, uniforms;
  std::vector<int64_t> ranks;
  bool hasTopK = false, hasTopP = false;
  for (const ct_row_question *question : questions) {
    temperatures.push_back(question->temperature);
    limits.push_back(question->top_p >= 1 ? -1 : 1 - std::max(question->top_p, 0.0));
    uniforms.push_back(question->uniform);
    const bool isLimited = question->top_k > 0 && question->top_k < vocabulary;
    ranks.push_back(isLimited ? question->top_k - 1 : vocabulary - 1);
    hasTopK |= isLimited;
    hasTopP |= question->top_p < 1;
  }
  const auto column = [&](const auto &values) { return onDevice(values, logits.device()).unsqueeze(1); };
  at::Tensor scaled = logits / column(temperatures).to(at::kFloat);
  if (hasTopK) {
    const at::Tensor least = std::get<0>(scaled.sort(/*dim=*/1, /*descending=*/true)).gather(1, column(ranks));
    scaled = scaled.masked_fill(scaled < least, -infinity);
  }
  at::Tensor shares = scaled.softmax(1);
  if (hasTopP) {
    // From the smallest up, of equal ones the last first, tokens go while all up to and with them make no more than the
    // limit; the largest stays.
    const auto [sorted, order] = shares.sort(/*stable=*/true, /*dim=*/1, /*descending=*/true);
    const at::Tensor below = sorted.to(at::kDouble).flip(1).cumsum(1).flip(1);
    at::Tensor stays = below > column(limits);
    stays.select(1, 0).fill_(1);
    const at::Tensor kept = at::zeros_like(stays).scatter_(1, order, stays);
    shares = scaled.masked_fill(kept.logical_not(), -infinity).softmax(1);
  }
  const at::Tensor sums = shares.to(at::kDouble).cumsum(1);
  const at::Tensor places = (sums <= column(uniforms)).sum(1, /*keepdim=*/true);
  const at::Tensor last = vocabulary - 1 - (shares > 0).to(at::kByte).flip(1).argmax(1, /*keepdim=*/true);
  return at::minimum(places, last);
}

}  // namespace

void answerByATen(const at::Tensor &logits, const Questions &questions, ct_row_answer *answers) {
  const at::Device device = logits.device();
  std::vector<int64_t> rows, given, drawnRows;
  std::vector<double> temperatures;
  std::vector<const ct_row_question *> draws;
  for (size_t i = 0; i < questions.rows.size(); ++i) {
    const ct_row_question &question = questions.rows[i];
    rows.push_back(question.row);
    given.push_back(question.token);
    temperatures.push_back(question.log_probability_temperature);
    if (!isDrawn(question)) continue;
    drawnRows.push_back(int64_t(i));
    draws.push_back(&question);
  }
  const at::Tensor x = logits.index_select(0, onDevice(rows, device)).to(at::kFloat);
  const at::Tensor scaled = x / onDevice(temperatures, device).to(at::kFloat).unsqueeze(1);
  const at::Tensor normalizers = scaled.logsumexp(1, /*keepdim=*/true);
  const at::Tensor allowed = allowedTokens(questions, logits.size(1), device);
  at::Tensor candidates = x.masked_fill(x.isnan(), -infinity);
  if (allowed.defined()) candidates = candidates.masked_fill(allowed.logical_not(), -infinity);

  // Where no allowed token has a probability, the first of them.
  const auto [largest, best] = candidates.max(1, /*keepdim=*/true);
  const at::Tensor first = allowed.defined() ? allowed.to(at::kByte).argmax(1, true) : at::zeros_like(best);
  const at::Tensor isImpossible = largest == -infinity;
  at::Tensor chosen = best;
  if (!draws.empty()) {
    const at::Tensor places = onDevice(drawnRows, device);
    chosen = chosen.index_copy(0, places, drawn(candidates.index_select(0, places), draws));
  }
  chosen = at::where(isImpossible, first, chosen);
  const at::Tensor tokens = onDevice(given, device).unsqueeze(1);
  const at::Tensor ids = at::where(tokens >= 0, tokens, chosen);
  const at::Tensor taken = scaled.gather(1, ids);
  const at::Tensor own = taken - normalizers;
  at::Tensor held = own;
  if (allowed.defined()) {
    const at::Tensor among = scaled.masked_fill(allowed.logical_not(), -infinity).logsumexp(1, true);
    held = (taken - among).masked_fill(isImpossible, 0);
    // Rows that may choose all are told the same number twice.
    held = at::where(allowed.all(1, true).logical_and(isImpossible.logical_not()), own, held.clamp_max(0));
  }
  const at::Tensor result = at::cat({ids.to(at::kDouble), own.to(at::kDouble), held.to(at::kDouble)}, 1).cpu();
  const auto *values = static_cast<const double *>(result.const_data_ptr());
  for (size_t i = 0; i < questions.rows.size(); ++i, values += 3) {
    answers[i] = {int64_t(values[0]), float(values[1]), float(values[2])};
  }
}

}  // namespace ctorch
