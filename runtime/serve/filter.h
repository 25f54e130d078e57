#pragma once

#include <span>
#include <string_view>

#include "runtime/base/memory.h"
#include "runtime/base/result.h"
#include "runtime/serve/session.h"

namespace attune {

/// A compiled filter expression. So far it knows the form about the user's own events:
///
///   INCLUDE|EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("click", "purchase" | "*")
///
/// Keywords and names may be in any case; event types compare without case (ASCII); "*" is any
/// event. Immutable after parse, thread-safe.
class Filter {
 public:
  /// Error: InvalidFilter (at = column of the mistake, from 1), OutOfMemory.
  static Result<Filter> parse(std::string_view expression);

  /// Gives every item that does not pass the score -infinity.
  /// REQUIRES: items in the session are below scores.size()
  Status apply(const Session* session, Buffer<float>& kept, std::span<float> scores) const;

 private:
  friend class FilterParser;
  bool matches(const Session& session, const SessionEvent& event) const;

  bool include_ = false;
  bool anyType_ = false;
  Buffer<char> typeText_;
  Buffer<uint32_t> typeEnds_;
};

}  // namespace attune
