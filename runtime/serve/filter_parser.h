#pragma once

#include <string_view>

#include "runtime/serve/filter.h"

namespace attune {

/// Reads one filter expression from left to right; see Filter for the grammar.
class FilterParser {
 public:
  explicit FilterParser(std::string_view text) : text_(text) {}
  Result<Filter> parse();

 private:
  /// A word, a quoted string (without its quotes) or a single character.
  struct Token {
    enum class Kind { end, word, string, symbol, broken } kind = Kind::end;
    std::string_view text;
    size_t column = 1;
  };

  Token next();
  Status expectWord(std::string_view word, const char* message);
  Status expectSymbol(std::string_view symbol, const char* message);
  Status parseAction(Filter& filter);
  Status parseField();
  Status parseTypes(Filter& filter);
  static Error mistake(const Token& token, const char* message);

  std::string_view text_;
  size_t at_ = 0;
};

/// Whether two texts are equal apart from the case of ASCII letters.
bool equalWithoutCase(std::string_view a, std::string_view b);

}  // namespace attune
