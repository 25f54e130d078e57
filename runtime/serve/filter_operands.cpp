// The right sides of a filter's conditions.
#include "runtime/base/number.h"
#include "runtime/serve/filter_parser.h"

namespace attune {
namespace {

using Kind = FilterToken::Kind;
using Comparison = FilterCondition::Comparison;

/// Seconds of a unit, or 0.
double unitOf(std::string_view unit) {
  if (unit.size() != 1) return 0;
  switch (lowerCase(unit[0])) {
    case 's':
      return 1;
    case 'm':
      return 60;
    case 'h':
      return 3600;
    case 'd':
      return 86400;
    case 'w':
      return 604800;
    default:
      return 0;
  }
}

}  // namespace

Status FilterParser::parseOperand(const FilterCondition& condition, bool inList) {
  FilterOperand operand;
  operand.place = token_.column;
  const FilterToken token = token_;
  switch (token.kind) {
    case Kind::string:
      ATTUNE_TRY(store(token.text, !compatible_, operand.textBegin, operand.textLength));
      ATTUNE_TRY(checkText(condition, operand));
      advance();
      return addOperand(operand);
    case Kind::placeholder:
      operand.kind = FilterOperand::Kind::placeholder;
      ATTUNE_TRY(store(token.text, false, operand.textBegin, operand.textLength));
      advance();
      ATTUNE_TRY(parseSum(operand));
      return addOperand(operand);
    case Kind::word:
      if (compatible_ && inList) return mistake("expected a value in quotes, a number or a $NAME");
      ATTUNE_TRY(parseWord(condition, operand));
      return addOperand(operand);
    default:
      break;
  }
  const bool minus = token_.is("-");
  if (minus) advance();
  if (token_.kind != Kind::number)
    return mistake("expected a value in quotes, a number or a $NAME");
  operand.kind = FilterOperand::Kind::number;
  const auto number = parseNumber(token_.text);
  if (!number) return mistake("this number is too large");
  operand.number = minus ? -*number : *number;
  ATTUNE_TRY(store(minus ? "-" : "", false, operand.textBegin, operand.textLength));
  uint32_t begin = 0, length = 0;
  ATTUNE_TRY(store(token_.text, false, begin, length));
  operand.textLength += length;
  advance();
  return addOperand(operand);
}

Status FilterParser::parseWord(const FilterCondition& condition, FilterOperand& operand) {
  const bool currentUser = at("CurrentUser");
  if (currentUser || at("CurrentItem")) {
    operand.kind = FilterOperand::Kind::field;
    operand.table = currentUser ? FilterTable::currentUser : FilterTable::currentItem;
    if (currentUser) ATTUNE_TRY(onlyExtended("Personalize has CurrentUser only behind IF"));
    if (!currentUser && (program_.subject != FilterSubject::items || inIf_))
      return mistake("CurrentItem goes with fields of Items");
    advance();
    ATTUNE_TRY(expect(".", "expected a point and the name of a field"));
    if (token_.kind != Kind::word) return mistake("expected the name of a field");
    operand.place = token_.column;
    ATTUNE_TRY(store(token_.text, false, operand.textBegin, operand.textLength));
    advance();
    return {};
  }
  if (at("true") || at("false")) {
    ATTUNE_TRY(onlyExtended("Personalize has no true and false; use a text in quotes"));
    if (condition.comparison != Comparison::in) return mistake("only numbers can be ordered");
    ATTUNE_TRY(store(at("true") ? "true" : "false", false, operand.textBegin, operand.textLength));
    advance();
    return {};
  }
  if (!at("now")) return mistake("expected a value: texts stand in quotes");
  ATTUNE_TRY(onlyExtended("Personalize has no now(); use a $NAME"));
  operand.kind = FilterOperand::Kind::now;
  advance();
  ATTUNE_TRY(expect("(", "expected () behind now"));
  ATTUNE_TRY(expect(")", "expected ) behind now("));
  return parseSum(operand);
}

Status FilterParser::parseSum(FilterOperand& operand) {
  while (token_.is("+") || token_.is("-")) {
    ATTUNE_TRY(onlyExtended("Personalize does not add and subtract"));
    const double sign = token_.is("-") ? -1 : 1;
    advance();
    if (token_.kind != Kind::number && token_.kind != Kind::duration)
      return mistake("expected a number or a time such as 30d");
    const size_t digits = token_.kind == Kind::number ? token_.text.size() : token_.text.size() - 1;
    const auto number = parseNumber(token_.text.substr(0, digits));
    const double unit = token_.kind == Kind::number ? 1 : unitOf(token_.text.substr(digits));
    if (!number || unit == 0) return mistake("expected a number of s, m, h, d or w, such as 30d");
    operand.number += sign * unit * *number;
    advance();
  }
  return {};
}

Status FilterParser::checkText(const FilterCondition& condition, FilterOperand& operand) const {
  if (condition.comparison != Comparison::in)
    return mistake("only numbers can be ordered, and texts in quotes are none");
  if (program_.textOf(operand) != "*") return {};
  if (condition.table != FilterTable::interactions ||
      !equalWithoutCase(program_.nameOf(condition), "EVENT_TYPE"))
    return mistake("\"*\" means any event type and goes with EVENT_TYPE only");
  operand.kind = FilterOperand::Kind::any;
  return {};
}

}  // namespace attune
