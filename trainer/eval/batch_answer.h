#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/serve/engine.h"
#include "trainer/eval/batch_request.h"
#include "trainer/eval/histories.h"

namespace attune::trainer {

struct BatchOptions {
  uint32_t numResults = 25;        ///< for lists; a ranking has all items asked for
  const Filter* filter = nullptr;  ///< null: everything passes
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
/// like an unknown item are popular items. Borrows everything; immutable, thread-safe.
class BatchAnswerer {
 public:
  /// `stored` may be null: then only `events` give a history.
  BatchAnswerer(const Engine& engine, const StoredHistories* stored, const BatchOptions& options);

  BatchAnswer answer(std::string_view line, Scratch& scratch) const;

 private:
  struct Ranking {
    std::vector<std::string_view> unscored;  // behind scratch.ranked
  };

  Result<Session> sessionOf(const BatchRequest& request) const;
  /// Turns names and texts into rows; the text of the answer's error, or nothing.
  std::string readValues(const char* field, QueryKind kind, const BatchValues& values,
                         QueryRows& rows) const;
  Status serve(const BatchRequest& request, const Session& session, const QueryRows& context,
               Scratch& scratch, Ranking& ranking) const;
  Status serveRelated(const BatchRequest& request, const Session& session, Scratch& scratch) const;
  Status servePopular(const Session& session, Scratch& scratch) const;
  Status serveRanking(const BatchRequest& request, const Session& session,
                      const QueryRows& context, Scratch& scratch, Ranking& ranking) const;
  std::string print(const ParsedLine& parsed, const Scratch& scratch, const Ranking& ranking) const;

  const Engine& engine_;
  const StoredHistories* stored_;
  BatchOptions options_;
  bool unknownPasses_ = true;  // whether an item without events passes the filter
};

}  // namespace attune::trainer
