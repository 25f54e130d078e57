#pragma once

#include <string_view>

#include "runtime/base/memory.h"

namespace attune {

/// What a request gives for the placeholders of a filter.
class FilterValues {
 public:
  void clear();
  /// Sets the value of a placeholder, in place of what it had. `text` is as Personalize has it:
  /// values in quotes or numbers, joined by commas (`"Comedy","Drama"`); \" and \\ in quotes stand
  /// for " and \. Any other text is one value as it stands. An empty text is no value at all.
  /// Errors: InvalidArgument (a quote is never closed, something between values), OutOfMemory.
  Status set(std::string_view name, std::string_view text);

  /// Whether there is a value for a placeholder; names compare with case.
  bool has(std::string_view name) const;
  /// Calls visit(value) for every value of a placeholder and returns the first Status that is not
  /// ok.
  template <typename Visit>
  Status forValues(std::string_view name, const Visit& visit) const {
    for (const Entry& entry : entries_)
      if (nameOf(entry) == name) ATTUNE_TRY(visit(valueOf(entry)));
    return {};
  }

 private:
  /// One value of one placeholder.
  struct Entry {
    uint32_t nameBegin, nameLength, valueBegin, valueLength;
  };
  std::string_view nameOf(const Entry& entry) const {
    return {text_.data() + entry.nameBegin, entry.nameLength};
  }
  std::string_view valueOf(const Entry& entry) const {
    return {text_.data() + entry.valueBegin, entry.valueLength};
  }
  void remove(std::string_view name);
  Status add(std::string_view name, std::string_view value, bool escaped);
  Status addList(std::string_view name, std::string_view text);

  Buffer<char> text_;
  Buffer<Entry> entries_;
};

}  // namespace attune
