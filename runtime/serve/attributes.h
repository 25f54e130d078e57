#pragma once

#include <string_view>

#include "runtime/base/memory.h"
#include "runtime/serve/filter_lexer.h"

namespace attune {

/// What an application says of a user, as texts by name: what CurrentUser means in filters. Names
/// compare in any case (ASCII letters).
class Attributes {
 public:
  /// Sets the value, in place of what it had; an empty text is none. Error: OutOfMemory.
  Status set(std::string_view name, std::string_view text) {
    Buffer<char> texts;
    Buffer<uint32_t> ends;
    const auto add = [&](std::string_view one) -> Status {
      ATTUNE_TRY(texts.append(one));
      return ends.push(static_cast<uint32_t>(texts.size()));
    };
    for (size_t i = 0; i < ends_.size(); i += 2) {
      if (equalWithoutCase(part(i), name)) continue;
      ATTUNE_TRY(add(part(i)));
      ATTUNE_TRY(add(part(i + 1)));
    }
    if (!text.empty()) {
      ATTUNE_TRY(add(name));
      ATTUNE_TRY(add(text));
    }
    texts_ = std::move(texts);
    ends_ = std::move(ends);
    return {};
  }

  /// The value; empty for none.
  std::string_view find(std::string_view name) const {
    for (size_t i = 0; i < ends_.size(); i += 2)
      if (equalWithoutCase(part(i), name)) return part(i + 1);
    return {};
  }

  void clear() {
    texts_.clear();
    ends_.clear();
  }

 private:
  std::string_view part(size_t i) const {
    const uint32_t begin = i == 0 ? 0 : ends_[i - 1];
    return {texts_.data() + begin, ends_[i] - begin};
  }

  Buffer<char> texts_;
  Buffer<uint32_t> ends_;  // of name, value, name, value ...
};

}  // namespace attune
