#pragma once

#include <cstdint>
#include <span>

#include "runtime/base/memory.h"
#include "runtime/base/result.h"
#include "runtime/base/topk.h"
#include "runtime/bundle/bundle.h"
#include "runtime/serve/session.h"

namespace attune {

/// Working memory of one request; reused from request to request, so that a warm request allocates
/// nothing. One request at a time.
struct Scratch {
  Buffer<float> scores;    // (items)
  Buffer<Scored> ranked;   // the answer
  Buffer<float> kept;      // scores a filter sets aside
  Buffer<uint8_t> marks;   // (items) all zero between uses
};

/// What a recipe has learned, ready to score. Immutable, so one model may serve many threads, each
/// with its own Scratch.
class Model {
 public:
  Model() = default;
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;
  virtual ~Model() = default;

  /// How much each item suits a user with this history; higher is better, all finite.
  /// `history` is oldest first; `scores` has one place an item.
  virtual Status score(std::span<const SessionEvent> history, Scratch& scratch,
                       std::span<float> scores) const = 0;

  /// How much each item resembles `item`. REQUIRES: item < scores.size()
  virtual Status scoreRelated(uint32_t item, std::span<float> scores) const = 0;
};

/// The model a bundle holds, with everything in it checked. Errors: CorruptBundle,
/// UnsupportedVersion, OutOfMemory. The models, one line each, are in registry.cpp.
Result<Owned<Model>> openModel(const Bundle& bundle);

}  // namespace attune
