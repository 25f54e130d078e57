#pragma once

#include <cstdint>
#include <string_view>

#include "runtime/base/memory.h"

namespace attune {

/// What a filter keeps or drops.
enum class FilterSubject : uint8_t { items, actions, users };

/// Whose fields a condition or a value is about.
enum class FilterTable : uint8_t {
  subject,       ///< Items, Actions or Users: what is kept or dropped
  interactions,  ///< Interactions or Action_Interactions: the user's events with it
  currentUser,
  currentItem  ///< of a request for related items
};

/// What the values of a field are.
enum class FilterFieldType : uint8_t {
  unknown,   ///< nothing says: such a filter can be judged, not run
  category,  ///< one or several texts of a row
  number,
  boolean,
  text,     ///< one text of a row
  textual,  ///< prose, which Personalize does not filter
  id,       ///< of the row itself
  eventType,
  eventValue,
  timestamp,  ///< of an event
  attribute   ///< of the current user or an event, of no known type
};

/// A value to compare with.
struct FilterOperand {
  enum class Kind : uint8_t {
    text,         ///< as it stands, a number too
    number,       ///< the same with its value
    placeholder,  ///< what the request gives for the name in `text`
    field,        ///< a field of `table`, its name in `text`
    now,          ///< the time of the request in seconds
    any           ///< "*"
  };
  Kind kind = Kind::text;
  FilterTable table = FilterTable::currentItem;
  uint32_t textBegin = 0, textLength = 0;  ///< in the program's text
  double number = 0;    ///< the value, or what is added to it (now and placeholders)
  uint32_t place = 0;   ///< column in the expression
  uint32_t column = 0;  ///< of a field: the number in the catalogue, once checked
  FilterFieldType type = FilterFieldType::unknown;  ///< of a field, once checked
};

/// Compares a field with values.
struct FilterCondition {
  enum class Comparison : uint8_t { in, less, lessOrEqual, greater, greaterOrEqual };
  FilterTable table = FilterTable::subject;
  Comparison comparison = Comparison::in;
  bool negated = false;                    ///< of `in`: NOT IN, !=
  uint32_t nameBegin = 0, nameLength = 0;  ///< in the program's text
  uint32_t operandBegin = 0, operandEnd = 0;
  uint32_t place = 0;
  uint32_t column = 0;                              ///< in the catalogue, once checked
  FilterFieldType type = FilterFieldType::unknown;  ///< once checked
};

/// One step of a program that works on a stack of truths.
struct FilterStep {
  enum class Kind : uint8_t { condition, both, either };
  Kind kind = Kind::condition;
  uint32_t condition = 0;
};

/// One INCLUDE or EXCLUDE; steps [whereBegin, whereEnd) and, of its IF, [whereEnd, ifEnd).
struct FilterExpression {
  bool includes = false;
  bool usesEvents = false;  ///< whether a condition is about interactions
  uint32_t whereBegin = 0, whereEnd = 0, ifEnd = 0;

  bool isFixed = false;  ///< whether Filter::prepare knows all that WHERE asks for
  bool isReady = false;  ///< whether it has found out for which rows it holds
  size_t bitsBegin = 0;  ///< those: in FilterProgram::bits
};

/// A parsed filter: NOT is carried down to the conditions, so there are only AND (both) and OR
/// (either), in postfix order.
struct FilterProgram {
  FilterSubject subject = FilterSubject::items;
  Buffer<char> text;
  Buffer<FilterOperand> operands;
  Buffer<FilterCondition> conditions;
  Buffer<FilterStep> steps;
  Buffer<FilterExpression> expressions;
  uint32_t depth = 0;  ///< of the stack, at most
  Buffer<uint8_t> bits;  ///< (fixed expressions, rows / 8 rounded up) of Filter::prepare

  std::string_view nameOf(const FilterCondition& c) const {
    return {text.data() + c.nameBegin, c.nameLength};
  }
  std::string_view textOf(const FilterOperand& o) const {
    return {text.data() + o.textBegin, o.textLength};
  }
};

}  // namespace attune
