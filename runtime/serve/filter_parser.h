#pragma once

#include <string_view>

#include "runtime/base/result.h"
#include "runtime/serve/filter_lexer.h"
#include "runtime/serve/filter_program.h"

namespace attune {

/// Attune's language, or exactly what Personalize accepts.
enum class FilterLanguage : uint8_t { extended, compatible };

/// Reads a filter expression from left to right into a program:
///
///   filter     := expression ("|" expression)*
///   expression := ("INCLUDE"|"EXCLUDE") ("ItemID"|"ActionID"|"UserID") "WHERE" either ["IF"
///   either] either     := both ("OR" both)* both       := one ("AND" one)* one        := "NOT" one
///   | "(" either ")" | condition condition  := field ["NOT"] "IN" ("(" value ("," value)* ")" |
///   reference)
///               | field ("=" | "!=" | "<" | "<=" | ">" | ">=") (value | "(" value ")")
///   value      := string | number | "true" | "false" | "*" in quotes
///               | ("$" NAME | "now" "(" ")") (("+"|"-") (number | duration))* | reference
///   field      := (table | "CurrentUser") "." NAME
///   reference  := ("CurrentItem" | "CurrentUser") "." NAME
///
/// Keywords, tables and fields may be in any case. AND binds closer than OR. A duration is a number
/// of s, m, h, d or w. Conditions of an IF are about CurrentUser. What Personalize does not have
/// (NOT before a condition, nesting, now, true, sums, CurrentUser elsewhere, placeholders behind
/// NOT IN or beside others, fields of two tables in one expression) is an error in the compatible
/// language.
class FilterParser {
 public:
  static constexpr size_t kMaxCompatibleLength = 2500;
  static constexpr size_t kMaxLength = 65536;
  static constexpr uint32_t kMaxNesting = 100;
  static constexpr uint32_t kMaxCompatibleFields = 10;

  FilterParser(std::string_view text, FilterLanguage language)
      : text_(text),
        compatible_(language == FilterLanguage::compatible),
        lexer_(text, !compatible_) {}

  /// Error: InvalidFilter (at = column of the mistake in characters, from 1), OutOfMemory.
  Result<FilterProgram> parse();
  /// Reads what a batch segment job asks of items instead: `Items.X = "text" AND ...`, nothing
  /// else. The program is that of an INCLUDE. Errors as of parse().
  Result<FilterProgram> parseItemAttributes();

 private:
  Status checkLength() const;
  Status parseExpression();
  Status parseSubject();
  Status parseEither(bool negated, uint32_t nesting);
  Status parseBoth(bool negated, uint32_t nesting);
  Status parseOne(bool negated, uint32_t nesting);
  Status parseCondition(bool negated);
  Status parseTable(FilterCondition& condition);
  Status parseComparison(FilterCondition& condition, bool negated);
  Status parseList(FilterCondition& condition);
  Status parseSingle(FilterCondition& condition);
  Status parseOperand(const FilterCondition& condition, bool inList);
  Status parseWord(const FilterCondition& condition, FilterOperand& operand);
  Status parseSum(FilterOperand& operand);
  Status checkField(const FilterCondition& condition);
  Status checkText(const FilterCondition& condition, FilterOperand& operand) const;

  Status emit(FilterStep::Kind kind, uint32_t condition = 0);
  Status store(std::string_view text, bool escaped, uint32_t& begin, uint32_t& length);
  Status addOperand(const FilterOperand& operand) { return program_.operands.push(operand); }

  bool at(std::string_view keyword) const {
    return token_.kind == FilterToken::Kind::word && equalWithoutCase(token_.text, keyword);
  }
  void advance() { token_ = lexer_.next(); }
  /// Goes on if the token is this symbol.
  bool accept(std::string_view symbol);
  Status expect(std::string_view symbol, const char* message);
  Status expectWord(std::string_view word, const char* message);
  Status onlyExtended(const char* message) const;
  /// The error of the current token: of a broken one its own words.
  Error mistake(const char* message) const;
  Error mistakeAt(uint32_t place, const char* message) const;

  std::string_view text_;
  bool compatible_;
  FilterLexer lexer_;
  FilterToken token_;
  FilterProgram program_;
  FilterExpression expression_;
  bool inIf_ = false;
  uint32_t stack_ = 0;
  uint32_t fields_ = 0;  // different ones so far
};

}  // namespace attune
