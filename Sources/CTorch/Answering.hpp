// The answer to a question about one row of logits, on a CPU.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "Choice.hpp"
#include "TokenDraw.hpp"

namespace ctorch {

// A row is summed up in parts of this size, which threads share and which are joined in order.
inline constexpr int64_t partSize = 8192;

struct Part {
  float maximum;
  double sum;  // of exp((x - maximum) · scale)
};

// What is subtracted before exponentials are taken, so that they are numbers.
inline float shiftFor(float maximum) { return std::isfinite(maximum) ? maximum : 0; }

template <typename Element>
Part summary(const LogitKernels<Element> &kernels, const Element *x, int64_t count, float scale) {
  const float maximum = kernels.largest(x, count);
  return {maximum, kernels.sumOfExponentials(x, count, shiftFor(maximum), scale)};
}

inline Part joined(std::span<const Part> parts, float scale) {
  float maximum = -INFINITY;
  for (const Part &part : parts) maximum = std::max(maximum, part.maximum);
  double sum = 0;
  for (const Part &part : parts) {
    if (part.sum == 0) continue;
    sum += part.sum * std::exp((double(shiftFor(part.maximum)) - double(shiftFor(maximum))) * double(scale));
  }
  return {maximum, sum};
}

inline float logProbability(float logit, const Part &among, float scale) {
  return float((double(logit) - double(among.maximum)) * double(scale) - std::log(among.sum));
}

// What one thread needs to answer questions one after the other.
template <typename Element>
class Answering {
 public:
  Answering(
      const Questions &questions, int64_t vocabulary, const LogitKernels<Element> &logits,
      const LogitKernels<float> &floats, const WeightKernels &weights)
      : questions(questions), vocabulary(vocabulary), kernels(logits), floats(floats), token(weights) {}

  ct_row_answer answer(const ct_row_question &question, const Element *row, std::span<const Part> parts) {
    scale = float(1 / question.log_probability_temperature);
    const Part whole = joined(parts, scale);
    Choice choice;
    if (question.token >= 0) {
      choice = {question.token, load(row, question.token), whole};
    } else if (question.allowed == CT_ALLOW_LISTED) {
      choice = amongListed(question, row);
    } else if (question.allowed == CT_ALLOW_LISTED_AND_OTHERS) {
      choice = amongMost(question, row, parts, whole);
    } else {
      choice = amongAll(question, row, parts, whole);
    }
    const float own = logProbability(choice.logit, whole, scale);
    const bool isImpossible = choice.among.maximum == -INFINITY;
    const float held = isImpossible ? 0 : logProbability(choice.logit, choice.among, scale);
    return {choice.id, own, question.allowed == CT_ALLOW_ALL || question.token >= 0 ? own : held > 0 ? 0 : held};
  }

 private:
  struct Choice {
    int64_t id;
    float logit;
    Part among;  // of what was chosen from
  };

  static float load(const Element *row, int64_t id) { return static_cast<float>(row[id]); }

  Choice amongAll(
      const ct_row_question &question, const Element *row, std::span<const Part> parts, const Part &whole) {
    int64_t id = -1;
    if (isDrawn(question)) {
      values.resize(size_t(vocabulary));
      kernels.divide(row, vocabulary, float(question.temperature), values.data());
      id = draw(question, vocabulary);
    }
    if (id < 0) id = place(row, parts, whole.maximum);
    return {id, load(row, id), whole};
  }

  Choice amongListed(const ct_row_question &question, const Element *row) {
    const auto listed = questions.listed(question);
    sorted.assign(listed.begin(), listed.end());
    if (!std::is_sorted(sorted.begin(), sorted.end())) std::sort(sorted.begin(), sorted.end());
    const auto count = int64_t(sorted.size());
    gather(row, sorted);
    const Part among = summary(floats, picked.data(), count, scale);
    int64_t index = among.maximum == -INFINITY ? 0 : floats.place(picked.data(), count, among.maximum);
    if (isDrawn(question)) {
      values.resize(picked.size());
      floats.divide(picked.data(), count, float(question.temperature), values.data());
      if (const int64_t drawn = draw(question, count); drawn >= 0) index = drawn;
    }
    const int64_t id = sorted[size_t(index)];
    return {id, load(row, id), among};
  }

  // All but what the large set lacks and the list does not name.
  Choice amongMost(
      const ct_row_question &question, const Element *row, std::span<const Part> parts, const Part &whole) {
    exclude(question);
    const int64_t allowed = vocabulary - int64_t(excluded.size());
    int64_t id = -1;
    if (isDrawn(question)) {
      values.resize(size_t(vocabulary));
      kernels.divide(row, vocabulary, float(question.temperature), values.data());
      for (const int32_t other : excluded) values[size_t(other)] = -INFINITY;
      id = draw(question, allowed);
    }
    // What is not allowed is little for a model that knows the constraint, else it is cheaper to leave it out at once.
    gather(row, excluded);
    const float shift = shiftFor(whole.maximum);
    const double others = floats.sumOfExponentials(picked.data(), int64_t(excluded.size()), shift, scale);
    const int64_t best = place(row, parts, whole.maximum);
    const bool isBestAllowed = !std::binary_search(excluded.begin(), excluded.end(), int32_t(best));
    Part among = {whole.maximum, whole.sum - others};
    if (!(others < 0.5 * whole.sum) || (id < 0 && !isBestAllowed) || !std::isfinite(whole.maximum)) {
      maskedParts(row);
      among = joined(masked, scale);
      if (id < 0) id = maskedPlace(row, among.maximum);
    } else if (id < 0) {
      id = best;
    }
    return {id, load(row, id), among};
  }

  int64_t draw(const ct_row_question &question, int64_t candidates) {
    const auto count = int64_t(values.size());
    const Sampling sampling = {
        float(question.temperature), question.top_p, question.top_k, question.uniform};
    return token.draw(values.data(), count, candidates, floats.largest(values.data(), count), sampling);
  }

  // The first place of the largest; 0 where nothing is larger than -infinity.
  int64_t place(const Element *row, std::span<const Part> parts, float maximum) const {
    if (maximum == -INFINITY) return 0;
    int64_t first = 0;
    for (size_t part = 0; parts[part].maximum != maximum; ++part) first += partSize;
    return first + kernels.place(row + first, std::min(partSize, vocabulary - first), maximum);
  }

  template <typename Ids>
  void gather(const Element *row, const Ids &ids) {
    picked.resize(ids.size());
    for (size_t i = 0; i < ids.size(); ++i) picked[i] = load(row, ids[i]);
  }

  void exclude(const ct_row_question &question) {
    const auto missing = questions.missing(question), listed = questions.listed(question);
    sorted.assign(listed.begin(), listed.end());
    std::sort(sorted.begin(), sorted.end());
    excluded.clear();
    auto next = missing.begin();
    for (const int32_t id : sorted) {
      const auto found = std::lower_bound(next, missing.end(), id);
      excluded.insert(excluded.end(), next, found);
      next = found != missing.end() && *found == id ? found + 1 : found;
    }
    excluded.insert(excluded.end(), next, missing.end());
  }

  // One part of the row in float32, without what is excluded.
  int64_t maskPart(const Element *row, int64_t first) {
    const int64_t count = std::min(partSize, vocabulary - first);
    picked.resize(size_t(count));
    kernels.divide(row + first, count, 1, picked.data());
    auto next = std::lower_bound(excluded.begin(), excluded.end(), int32_t(first));
    for (; next != excluded.end() && *next < first + count; ++next) picked[size_t(*next - first)] = -INFINITY;
    return count;
  }

  void maskedParts(const Element *row) {
    masked.clear();
    for (int64_t first = 0; first < vocabulary; first += partSize) {
      const int64_t count = maskPart(row, first);
      masked.push_back(summary(floats, picked.data(), count, scale));
    }
  }

  int64_t maskedPlace(const Element *row, float maximum) {
    for (size_t part = 0; part < masked.size() && maximum > -INFINITY; ++part) {
      if (masked[part].maximum != maximum) continue;
      const int64_t count = maskPart(row, int64_t(part) * partSize);
      return int64_t(part) * partSize + floats.place(picked.data(), count, maximum);
    }
    int64_t lowest = 0;
    while (lowest < int64_t(excluded.size()) && excluded[size_t(lowest)] == lowest) ++lowest;
    return lowest;
  }

  const Questions &questions;
  const int64_t vocabulary;
  const LogitKernels<Element> &kernels;
  const LogitKernels<float> &floats;
  TokenDraw token;
  float scale = 1;  // of the question at hand
  std::vector<float> values;  // what is drawn from
  std::vector<float> picked;  // what is summed up
  std::vector<int32_t> sorted, excluded;
  std::vector<Part> masked;
};

}  // namespace ctorch
