#pragma once

#include "runtime/models/popularity.h"
#include "runtime/serve/arranger.h"
#include "runtime/serve/engine.h"

namespace attune {

/// More candidates than results are scored exactly, for those that the approximation puts lower.
/// Its error is that of a vector rounded to 16 bits, so few change places
/// (tests/bench/exactness.cpp).
constexpr size_t kMargin = 32;

/// Makes a list of one request out of the scores of all items.
class ListMaker {
 public:
  /// `query` is null for a list of related items, whose scores are exact.
  ListMaker(const Engine& engine, const Query* query, const FilterRequest& who,
            const ListRequest& request, Scratch& scratch)
      : engine_(engine),
        model_(engine.model()),
        query_(query),
        who_(who),
        request_(request),
        controls_(request.controls),
        scratch_(scratch) {}

  /// Takes the model's scores from scratch.scores, where -infinity hides an item, and puts the list
  /// into scratch.ranked, with exact scores of the model, and scratch.marks. Errors: as of
  /// Filter::run.
  Status make();

 private:
  bool refines() const { return query_ != nullptr && model_.approximates(); }
  /// How many more than wanted are refined.
  size_t margin(size_t count) const;
  bool logits() const { return query_ != nullptr && model_.scoresAreLogits(); }
  Status select(const Filter* filter, const FilterValues* values, size_t count);
  Status control();
  void fillKeys();
  float keyOf(uint32_t item, float score) const;
  double ageInDays(uint32_t item) const;
  Status candidates(const Filter* filter, const FilterValues* values, size_t count);
  Status promote();
  Status fill(size_t count);
  bool isNew(uint32_t item) const;
  Status believe();
  Status mix();

  const Engine& engine_;
  const Model& model_;
  const Query* query_;
  FilterRequest who_;
  const ListRequest& request_;
  const ListControls& controls_;
  Scratch& scratch_;
  uint32_t created_ = Catalogue::kNoColumn;  // the column CREATION_TIMESTAMP
};

}  // namespace attune
