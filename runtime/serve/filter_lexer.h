#pragma once

#include <cstdint>
#include <string_view>

#include "runtime/base/memory.h"

namespace attune {

/// A piece of a filter expression.
struct FilterToken {
  enum class Kind : uint8_t {
    end,
    word,         ///< a keyword or a name
    number,       ///< digits, perhaps with a fraction and an exponent; a sign is a symbol
    duration,     ///< a number with a unit behind it, such as 30d
    string,       ///< text is what stands between the quotes
    placeholder,  ///< text is the name behind the $
    symbol,       ///< one of ( ) , . | + - * = != < <= > >=
    broken        ///< what no token begins with; `text` says why
  };
  Kind kind = Kind::end;
  std::string_view text;
  uint32_t column = 1;  ///< in characters, from 1

  bool is(std::string_view symbol) const { return kind == Kind::symbol && text == symbol; }
};

/// Cuts an expression into tokens. In the extended language \" \' and \\ in a string stand for the
/// second character. Views into the text, which must outlive it.
class FilterLexer {
 public:
  FilterLexer(std::string_view text, bool escapes) : text_(text), escapes_(escapes) {}
  FilterToken next();

 private:
  FilterToken make(FilterToken::Kind kind, std::string_view text) const {
    return {kind, text, column_};
  }
  FilterToken broken(std::string_view why) const { return make(FilterToken::Kind::broken, why); }
  FilterToken string(size_t begin);
  FilterToken number(size_t begin);
  size_t skipDigits();
  size_t skipWord();

  std::string_view text_;
  bool escapes_;
  size_t at_ = 0;
  size_t counted_ = 0;  // the byte that column_ is of
  uint32_t column_ = 1;
};

/// Appends the text of a string, \" \' and \\ as the second character.
Status appendUnescaped(std::string_view text, Buffer<char>& out);

/// The lower case of an ASCII letter; other bytes as they are.
inline char lowerCase(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Whether two texts are equal apart from the case of ASCII letters.
bool equalWithoutCase(std::string_view a, std::string_view b);

}  // namespace attune
