#include "trainer/eval/evaluator.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "trainer/base/parallel.h"
#include "trainer/eval/histories.h"
#include "trainer/eval/served_bundle.h"

namespace attune::trainer {
namespace {

constexpr size_t kCasesPerChunk = 16;

unsigned threadsOrCores(unsigned threads) {
  return threads > 0 ? threads : std::max(1u, std::thread::hardware_concurrency());
}

Hits findHits(const std::vector<uint32_t>& list, std::span<const uint32_t> right) {
  Hits hits;
  hits.right = static_cast<uint32_t>(right.size());
  for (uint32_t i = 0; i < list.size(); ++i)
    if (std::find(right.begin(), right.end(), list[i]) != right.end()) hits.ranks.push_back(i + 1);
  return hits;
}

/// Answers test cases from one bundle; threads share it, each with its own Scratch.
class Examiner {
 public:
  Examiner(const Engine& engine, const Dataset& full, bool excludeSeen, uint32_t numResults)
      : engine_(engine), full_(full), filter_(seenItemsFilter()) {
    request_.numResults = numResults;
    if (excludeSeen) request_.filter = &filter_;
    toBundle_.reserve(full.items.size());
    for (uint32_t item = 0; item < full.items.size(); ++item)
      toBundle_.push_back(engine.items().find(full.items[item]));
  }

  Answer answer(const TestCase& one, Scratch& scratch) const {
    recommend(one, scratch);
    std::vector<uint32_t> right;
    for (const uint32_t item : one.truth) right.push_back(toBundle_[item]);
    const auto isRight = [&](uint32_t item) {
      return std::find(right.begin(), right.end(), item) != right.end();
    };
    Answer result;
    result.list = withHitsLastInTies(scratch.ranked.span(), isRight);
    result.hits = findHits(result.list, right);
    result.next = findHits(result.list, std::span(right).first(1));
    return result;
  }

 private:
  void recommend(const TestCase& one, Scratch& scratch) const {
    Session session = sessionFor(engine_.items(), one.history.size());
    Status status = replay(full_, one.history, session);
    QueryRows context;
    if (status.ok()) status = setAttributes(engine_, full_, one.user, session);
    if (status.ok()) status = setContext(engine_, full_, one.truthRow, session, context);
    ListRequest request = request_;
    request.context = &context;
    if (status.ok()) status = engine_.recommend(session, request, scratch);
    if (!status.ok())
      throwRuntimeError("cannot answer for user " + full_.users[one.user], status.error());
  }

  const Engine& engine_;
  const Dataset& full_;
  const Filter filter_;
  ListRequest request_;
  std::vector<uint32_t> toBundle_;  // (items of full) kUnknownItem where the bundle has it not
};

std::vector<Answer> answerAll(const Examiner& examiner, std::span<const TestCase> cases,
                              unsigned threads) {
  std::vector<Answer> answers(cases.size());
  std::vector<Scratch> scratches(threads);
  parallelFor(cases.size(), kCasesPerChunk, threads,
              [&](size_t begin, size_t end, unsigned worker) {
                for (size_t i = begin; i < end; ++i)
                  answers[i] = examiner.answer(cases[i], scratches[worker]);
              });
  return answers;
}

/// Takes the lists and hits of the warm or the cold cases and scores them.
void addSection(const std::string& name, bool cold, Hits Answer::*hits, const Split& split,
                const std::vector<Answer>& answers, Evaluation& evaluation) {
  std::vector<Hits> found;
  std::vector<std::vector<uint32_t>> lists;
  for (size_t i = 0; i < answers.size(); ++i) {
    if (split.cases[i].cold != cold) continue;
    found.push_back(answers[i].*hits);
    lists.push_back(answers[i].list);
  }
  if (found.empty()) return;
  evaluation.sections.push_back(
      {name, found.size(), reportedMetrics(found, lists, split.train.items.size())});
}

}  // namespace

const Estimate& EvaluationSection::operator[](const std::string& metric) const {
  for (const NamedEstimate& one : metrics)
    if (one.name == metric) return one.estimate;
  throw std::logic_error("no metric " + metric);
}

const EvaluationSection* Evaluation::find(const std::string& name) const {
  for (const EvaluationSection& section : sections)
    if (section.name == name) return &section;
  return nullptr;
}

std::vector<Answer> answerCases(const ServedBundle& served, const Dataset& full,
                                std::span<const TestCase> cases, bool excludeSeen,
                                const EvaluateOptions& options) {
  const Examiner examiner(served.engine(), full, excludeSeen, options.numResults);
  return answerAll(examiner, cases, threadsOrCores(options.threads));
}

Evaluation evaluateBundle(std::span<const uint8_t> bundle, const Dataset& full, const Split& split,
                          const EvaluateOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  Evaluation evaluation;
  const ServedBundle served(bundle, "the trained bundle");
  const auto answers = answerCases(served, full, split.cases, split.excludeSeen, options);
  addSection("metrics", false, &Answer::hits, split, answers, evaluation);
  if (split.protocol == "temporal") {
    addSection("next", false, &Answer::next, split, answers, evaluation);
    addSection("cold", true, &Answer::hits, split, answers, evaluation);
  }
  evaluation.seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return evaluation;
}

}  // namespace attune::trainer
