#pragma once

#include <cstdint>
#include <span>

#include "runtime/base/code_scan.h"
#include "runtime/base/memory.h"
#include "runtime/base/result.h"
#include "runtime/base/scan.h"
#include "runtime/base/topk.h"
#include "runtime/bundle/bundle.h"
#include "runtime/serve/session.h"

namespace attune {

/// Sums for a few of all items; 0 for the others.
class ItemSums {
 public:
  /// All are 0 again.
  Status clear(size_t items) {
    if (sums_.size() == items) {
      for (const uint32_t item : touched_) sums_[item] = 0;
    } else {
      sums_.clear();
      ATTUNE_TRY(sums_.resize(items));
    }
    touched_.clear();
    return {};
  }
  Status add(uint32_t item, float amount) {
    if (sums_[item] == 0) ATTUNE_TRY(touched_.push(item));
    sums_[item] += amount;
    return {};
  }
  float of(uint32_t item) const { return sums_[item]; }
  float& operator[](uint32_t item) { return sums_[item]; }
  /// The items that something was added to; one whose sum was 0 again in between stands twice.
  std::span<const uint32_t> touched() const { return touched_.span(); }

 private:
  Buffer<float> sums_;  // (items)
  Buffer<uint32_t> touched_;
};

/// A model's working memory of one request; reused from request to request, so that a warm request
/// allocates nothing. One request at a time.
struct ModelScratch {
  Buffer<float> scores;   // (items)
  Buffer<Scored> ranked;  // the answer
  Buffer<uint8_t> marks;  // (items) all zero between uses
  WideQuery query;        // a model's vector for the scan over the items
  CodeTables tables;      // the same for the scan over their codes
  Buffer<float> numbers;  // a model's working memory
  Buffer<float> vector;   // what a model keeps from score() to refine()
  ItemSums additions;        // what a blend adds to single items
  ItemSums pointed;          // e^(logit - highestPointed) that a pointer gives single items
  float highestPointed = 0;
};

/// Whom a list is for, and in which circumstances.
struct Query {
  const Session& session;
  std::span<const uint32_t> context = {};  ///< rows of the bundle's query columns, ascending
  bool exact = false;  ///< no first pass over codes: see Model::shortlist()
};

/// What a recipe has learned, ready to score. Immutable, so one model may serve many threads, each
/// with its own ModelScratch and Sessions.
class Model {
 public:
  Model() = default;
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;
  virtual ~Model() = default;

  /// How much each item suits the query; higher is better, all finite. `scores` has one place an
  /// item. A function of the session's events and attributes and the context alone; what the model
  /// keeps in session.modelState() only saves time.
  virtual Status score(const Query& query, ModelScratch& scratch, std::span<float> scores) const = 0;

  /// How much each item resembles `item`. REQUIRES: item < scores.size()
  virtual Status scoreRelated(uint32_t item, ModelScratch& scratch, std::span<float> scores) const = 0;

  /// How much two items resemble each other, about 0 to 1, whoever asks; 0 where the model knows
  /// nothing of it. REQUIRES: both are items
  virtual float similarity(uint32_t, uint32_t) const { return 0; }

  /// Whether score() is a quick approximation, whose best items refine() scores exactly.
  virtual bool approximates() const { return false; }
  /// Gives candidates of score() their exact scores, whatever they hold. REQUIRES: the query and
  /// scratch of score()
  virtual void refine(const Query&, ModelScratch&, std::span<Scored>) const {}

  /// Where score() is coarse unless the query asks for exactness: how many of its best items refine()
  /// needs for a list of the best ones. 0: score() is not coarse.
  virtual size_t shortlist() const { return 0; }

  /// Whether scores are logits: e to their power, divided by the sum over all items, is a share.
  virtual bool scoresAreLogits() const { return false; }
};

/// The model a bundle holds, with everything in it checked. Errors: CorruptBundle,
/// UnsupportedVersion, OutOfMemory. The models, one line each, are in registry.cpp.
Result<Owned<Model>> openModel(const Bundle& bundle);

}  // namespace attune
