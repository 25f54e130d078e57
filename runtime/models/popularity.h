#pragma once

#include <span>

#include "runtime/models/model.h"

namespace attune {

/// How many different users had each item; every bundle has these counts, whatever its model.
/// A view: borrows the bundle's bytes.
class PopularityCounts {
 public:
  static Result<PopularityCounts> open(const Bundle& bundle);

  /// scores[i] = weight x the share of all users who had item i.
  void fill(float weight, std::span<float> scores) const;
  /// The same as logits: scores[i] = log(users of item i + 1/2).
  void fillLogits(std::span<float> scores) const;
  float logit(uint32_t item) const;
  uint32_t users(uint32_t item) const { return userCounts_[item]; }

 private:
  std::span<const uint32_t> userCounts_;  // (items)
  float scale_ = 0;                       // 1 / users
};

/// Recipe popularity-count: the same list for everybody, items by their share of users.
class PopularityModel : public Model {
 public:
  static Result<Owned<Model>> open(const Bundle& bundle);

  explicit PopularityModel(const PopularityCounts& counts) : counts_(counts) {}
  Status score(const Query& query, ModelScratch& scratch, std::span<float> scores) const override;
  Status scoreRelated(uint32_t item, ModelScratch& scratch, std::span<float> scores) const override;

 private:
  PopularityCounts counts_;
};

}  // namespace attune
