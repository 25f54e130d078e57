#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/serve/engine.h"
#include "trainer/eval/batch_request.h"
#include "trainer/eval/histories.h"
#include "trainer/eval/list_options.h"

namespace attune::trainer {

struct BatchOptions {
  uint32_t numResults = 25;        ///< for lists; a ranking has all items asked for
  const Filter* filter = nullptr;  ///< null: everything passes
  /// The time of requests that do not say theirs, in seconds since 1970, for filters and the
  /// automatic context (ListRequest::now).
  double now = 0;
  /// Of every list, but for what its line says itself; the seed is mixed with the user's or item's
  /// id. Null: none.
  const ListOptions* list = nullptr;
  FilterLanguage language = FilterLanguage::extended;  ///< of the lines' filters
};

/// One line of output, without its line break.
struct BatchAnswer {
  std::string line;
  bool failed = false;
};

/// Answers lines of batch input (see BatchRequest) in Amazon Personalize's form:
///   {"input":{..},"output":{"recommendedItems":[..],"scores":[..]},"error":null}
///   {"input":{..},"output":null,"error":"why"}
/// Scores read back as the same 32-bit floats. In a ranking, items the filter takes are left out
/// and items the bundle does not have come last, in the order given, with the score null. Items
/// like an unknown item are popular items. With promotions the output also has "promotionNames",
/// with exploration "propensities", one an item; null for an item that is not promoted. Borrows
/// everything; immutable, thread-safe.
class BatchAnswerer {
 public:
  /// `stored` may be null: then only `events` give a history.
  BatchAnswerer(const Engine& engine, const StoredHistories* stored, const BatchOptions& options);

  BatchAnswer answer(std::string_view line, Scratch& scratch) const;

 private:
  struct Ranking {
    std::vector<std::string_view> unscored;  // behind scratch.ranked
  };
  /// One request with everything it brings along.
  struct Question {
    const BatchRequest& request;
    const Session& session;
    QueryRows context;
    FilterValues filterValues;
    double now;
    const ListOptions* list;
  };

  Result<Session> sessionOf(const BatchRequest& request) const;
  /// Puts what the run and the line say of the list together; the text of the answer's error, or
  /// nothing.
  std::string readList(const BatchRequest& request, ListOptions& list) const;
  /// Turns names and texts into rows; the text of the answer's error, or nothing.
  std::string readValues(const char* field, QueryKind kind, const BatchValues& values,
                         QueryRows& rows) const;
  /// The same for the user's attributes and the filter's values; fills what answer() goes on with.
  std::string readAttributes(const BatchRequest& request, Session& session) const;
  std::string readFilterValues(const BatchValues& values, FilterValues& out) const;
  std::string marksOf(const ListOptions& list, const Scratch& scratch) const;
  std::string describe(const Error& error) const;
  ListRequest listRequest(const Question& question) const;
  Status serve(const Question& question, Scratch& scratch, Ranking& ranking) const;
  Status serveRelated(const Question& question, Scratch& scratch) const;
  Status servePopular(const Question& question, Scratch& scratch) const;
  Status serveRanking(const Question& question, Scratch& scratch, Ranking& ranking) const;
  std::string print(const ParsedLine& parsed, const ListOptions& list, const Scratch& scratch,
                    const Ranking& ranking) const;

  const Engine& engine_;
  const StoredHistories* stored_;
  BatchOptions options_;
  ListOptions noOptions_;
};

}  // namespace attune::trainer
