#include "runtime/serve/filter_parser.h"

#include <algorithm>

namespace attune {
namespace {

using Kind = FilterToken::Kind;
using Comparison = FilterCondition::Comparison;

/// The comparison that holds where the other does not.
Comparison opposite(Comparison comparison) {
  switch (comparison) {
    case Comparison::less:
      return Comparison::greaterOrEqual;
    case Comparison::lessOrEqual:
      return Comparison::greater;
    case Comparison::greater:
      return Comparison::lessOrEqual;
    case Comparison::greaterOrEqual:
      return Comparison::less;
    case Comparison::in:
      break;
  }
  return Comparison::in;
}

size_t characters(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

}  // namespace

Status FilterParser::checkLength() const {
  if (text_.size() > kMaxLength)
    return Error{ErrorCode::InvalidFilter, "longer than 65536 bytes", kMaxLength};
  if (compatible_ && characters(text_) > kMaxCompatibleLength)
    return Error{ErrorCode::InvalidFilter, "longer than Personalize's 2500 characters",
                 kMaxCompatibleLength + 1};
  return {};
}

Result<FilterProgram> FilterParser::parseItemAttributes() {
  ATTUNE_TRY(checkLength());
  advance();
  expression_.includes = true;
  for (;;) {
    const FilterToken first = token_;
    FilterLexer ahead = lexer_;  // behind the table
    ahead.next();
    ahead.next();
    const bool equals = ahead.next().is("=") && ahead.next().kind == Kind::string;
    ATTUNE_TRY(parseCondition(false));
    const FilterCondition& condition = program_.conditions[program_.conditions.size() - 1];
    if (!equals || condition.table != FilterTable::subject)
      return mistakeAt(first.column, "expected Items, a field, = and a text in quotes");
    if (program_.conditions.size() > 1) ATTUNE_TRY(emit(FilterStep::Kind::both));
    if (!at("AND")) break;
    advance();
  }
  if (token_.kind != Kind::end) return mistake("expected AND or the end");
  expression_.whereEnd = expression_.ifEnd = static_cast<uint32_t>(program_.steps.size());
  ATTUNE_TRY(program_.expressions.push(expression_));
  return std::move(program_);
}

Result<FilterProgram> FilterParser::parse() {
  ATTUNE_TRY(checkLength());
  advance();
  do {
    ATTUNE_TRY(parseExpression());
  } while (accept("|"));
  if (token_.kind != Kind::end)
    return mistake(expression_.whereEnd < expression_.ifEnd
                       ? "expected AND, | or the end: IF comes once, last"
                       : "expected AND, OR, IF, | or the end");
  return std::move(program_);
}

Status FilterParser::parseExpression() {
  expression_ = {};
  expression_.includes = at("INCLUDE");
  if (!expression_.includes && !at("EXCLUDE")) return mistake("expected INCLUDE or EXCLUDE");
  advance();
  ATTUNE_TRY(parseSubject());
  ATTUNE_TRY(expectWord("WHERE", "expected WHERE"));
  expression_.whereBegin = static_cast<uint32_t>(program_.steps.size());
  inIf_ = false;
  ATTUNE_TRY(parseEither(false, 0));
  expression_.whereEnd = expression_.ifEnd = static_cast<uint32_t>(program_.steps.size());
  stack_ = 0;
  if (at("IF")) {
    advance();
    inIf_ = true;
    ATTUNE_TRY(parseEither(false, 0));
    expression_.ifEnd = static_cast<uint32_t>(program_.steps.size());
    stack_ = 0;
  }
  return program_.expressions.push(expression_);
}

Status FilterParser::parseSubject() {
  FilterSubject subject = FilterSubject::items;
  if (at("ActionID")) {
    subject = FilterSubject::actions;
  } else if (at("UserID")) {
    subject = FilterSubject::users;
  } else if (!at("ItemID")) {
    return mistake("expected ItemID, ActionID or UserID");
  }
  if (program_.expressions.empty()) {
    program_.subject = subject;
  } else if (program_.subject != subject) {
    return mistake(
        "all expressions of a filter must be about the same: ItemID, ActionID or UserID");
  }
  advance();
  return {};
}

Status FilterParser::parseEither(bool negated, uint32_t nesting) {
  ATTUNE_TRY(parseBoth(negated, nesting));
  while (at("OR")) {
    if (inIf_) ATTUNE_TRY(onlyExtended("Personalize knows only AND in an IF"));
    advance();
    ATTUNE_TRY(parseBoth(negated, nesting));
    ATTUNE_TRY(emit(negated ? FilterStep::Kind::both : FilterStep::Kind::either));
  }
  return {};
}

Status FilterParser::parseBoth(bool negated, uint32_t nesting) {
  ATTUNE_TRY(parseOne(negated, nesting));
  while (at("AND")) {
    advance();
    ATTUNE_TRY(parseOne(negated, nesting));
    ATTUNE_TRY(emit(negated ? FilterStep::Kind::either : FilterStep::Kind::both));
  }
  return {};
}

Status FilterParser::parseOne(bool negated, uint32_t nesting) {
  while (at("NOT")) {
    ATTUNE_TRY(onlyExtended("Personalize has no NOT before a condition"));
    negated = !negated;
    advance();
  }
  if (!token_.is("(")) return parseCondition(negated);
  ATTUNE_TRY(onlyExtended("Personalize has no parentheses around conditions"));
  if (nesting == kMaxNesting) return mistake("more than 100 parentheses inside each other");
  advance();
  ATTUNE_TRY(parseEither(negated, nesting + 1));
  return expect(")", "expected AND, OR or )");
}

Status FilterParser::parseCondition(bool negated) {
  FilterCondition condition;
  ATTUNE_TRY(parseTable(condition));
  ATTUNE_TRY(expect(".", "expected a point and the name of a field, as in Items.GENRE"));
  if (token_.kind != Kind::word) return mistake("expected the name of a field");
  condition.place = token_.column;
  ATTUNE_TRY(store(token_.text, false, condition.nameBegin, condition.nameLength));
  ATTUNE_TRY(checkField(condition));
  advance();
  condition.operandBegin = static_cast<uint32_t>(program_.operands.size());
  ATTUNE_TRY(parseComparison(condition, negated));
  condition.operandEnd = static_cast<uint32_t>(program_.operands.size());
  const auto number = static_cast<uint32_t>(program_.conditions.size());
  ATTUNE_TRY(program_.conditions.push(condition));
  return emit(FilterStep::Kind::condition, number);
}

Status FilterParser::parseTable(FilterCondition& condition) {
  const bool events = at("Interactions") || at("Interaction"),
             actionEvents = at("Action_Interactions") || at("Action_Interaction"),
             items = at("Items") || at("Item"), actions = at("Actions") || at("Action"),
             users = at("Users") || at("User"), currentUser = at("CurrentUser");
  if (inIf_ && !currentUser) return mistake("expected CurrentUser: an IF is about nothing else");
  if (at("CurrentItem")) return mistake("CurrentItem stands on the right of a comparison only");
  if (currentUser) {
    condition.table = FilterTable::currentUser;
    if (!inIf_) ATTUNE_TRY(onlyExtended("Personalize has CurrentUser only behind IF"));
  } else if (events || actionEvents) {
    if (actionEvents != (program_.subject == FilterSubject::actions))
      return mistake("Interactions go with ItemID and UserID, Action_Interactions with ActionID");
    condition.table = FilterTable::interactions;
    expression_.usesEvents = true;
  } else if (!items && !actions && !users) {
    return mistake("expected a field, such as Items.GENRE or Interactions.EVENT_TYPE");
  } else if (program_.subject != (items     ? FilterSubject::items
                                  : actions ? FilterSubject::actions
                                            : FilterSubject::users)) {
    return mistake("Items go with ItemID, Actions with ActionID and Users with UserID");
  }
  advance();
  return {};
}

Status FilterParser::checkField(const FilterCondition& condition) {
  const auto is = [&](std::string_view name) {
    return equalWithoutCase(program_.nameOf(condition), name);
  };
  if (program_.subject == FilterSubject::actions && condition.table == FilterTable::subject &&
      (is("EXPIRATION_TIMESTAMP") || is("REPEAT_FREQUENCY")))
    return mistake("actions end and repeat by themselves; this field cannot be filtered");
  if (!compatible_) return {};
  if (condition.table == FilterTable::interactions && !is("EVENT_TYPE"))
    return mistake("Personalize filters interactions by EVENT_TYPE only");
  const bool isNew = std::none_of(
      program_.conditions.begin(), program_.conditions.end(), [&](const FilterCondition& other) {
        return other.table == condition.table && is(program_.nameOf(other));
      });
  if (isNew && ++fields_ > kMaxCompatibleFields)
    return mistake("Personalize allows 10 fields in a filter");
  if (inIf_ || program_.steps.size() == expression_.whereBegin) return {};
  if (program_.conditions[program_.conditions.size() - 1].table != condition.table)
    return mistake("Personalize has one dataset in an expression; join two expressions with |");
  return {};
}

Status FilterParser::parseComparison(FilterCondition& condition, bool negated) {
  const bool notIn = at("NOT");
  if (notIn) advance();
  if (at("IN")) {
    condition.negated = notIn != negated;
    const uint32_t place = token_.column;
    advance();
    ATTUNE_TRY(parseList(condition));
    if (!notIn || !compatible_) return {};
    for (const FilterOperand& one : program_.operands.span().subspan(condition.operandBegin))
      if (one.kind == FilterOperand::Kind::placeholder)
        return mistakeAt(place,
                         "Personalize has no placeholders behind NOT IN; use IN and the "
                         "other of INCLUDE and EXCLUDE");
    return {};
  }
  if (notIn) return mistake("expected IN");
  struct Symbol {
    std::string_view text;
    Comparison comparison;
    bool negated;
  };
  constexpr Symbol kSymbols[] = {
      {"=", Comparison::in, false},      {"!=", Comparison::in, true},
      {"<", Comparison::less, false},    {"<=", Comparison::lessOrEqual, false},
      {">", Comparison::greater, false}, {">=", Comparison::greaterOrEqual, false}};
  const auto* found = std::find_if(std::begin(kSymbols), std::end(kSymbols),
                                   [&](const Symbol& one) { return token_.is(one.text); });
  if (found == std::end(kSymbols)) return mistake("expected IN, NOT IN, =, !=, <, <=, > or >=");
  const bool orders = found->comparison != Comparison::in;
  condition.comparison = negated ? opposite(found->comparison) : found->comparison;
  condition.negated = !orders && found->negated != negated;
  advance();
  return parseSingle(condition);
}

Status FilterParser::parseList(FilterCondition& condition) {
  if (at("CurrentItem") || at("CurrentUser")) return parseOperand(condition, false);
  ATTUNE_TRY(expect("(", "expected ( and values, or CurrentItem and a field"));
  do {
    ATTUNE_TRY(parseOperand(condition, true));
  } while (accept(","));
  if (compatible_ && program_.operands.size() > condition.operandBegin + 1)
    for (const FilterOperand& one : program_.operands.span().subspan(condition.operandBegin))
      if (one.kind == FilterOperand::Kind::placeholder)
        return mistakeAt(one.place,
                         "Personalize allows one placeholder and nothing else in a list");
  return expect(")", "expected , or )");
}

Status FilterParser::parseSingle(FilterCondition& condition) {
  if (!token_.is("(")) return parseOperand(condition, false);
  advance();
  if (compatible_ && token_.kind != Kind::placeholder)
    return mistake("Personalize has parentheses here around a placeholder only");
  ATTUNE_TRY(parseOperand(condition, false));
  return expect(")", "expected )");
}

Status FilterParser::emit(FilterStep::Kind kind, uint32_t condition) {
  if (kind == FilterStep::Kind::condition) {
    program_.depth = std::max(program_.depth, ++stack_);
  } else {
    --stack_;
  }
  return program_.steps.push({kind, condition});
}

Status FilterParser::store(std::string_view text, bool escaped, uint32_t& begin, uint32_t& length) {
  begin = static_cast<uint32_t>(program_.text.size());
  ATTUNE_TRY(escaped ? appendUnescaped(text, program_.text) : program_.text.append(text));
  length = static_cast<uint32_t>(program_.text.size()) - begin;
  return {};
}

bool FilterParser::accept(std::string_view symbol) {
  if (!token_.is(symbol)) return false;
  advance();
  return true;
}

Status FilterParser::expect(std::string_view symbol, const char* message) {
  if (!accept(symbol)) return mistake(message);
  return {};
}

Status FilterParser::expectWord(std::string_view word, const char* message) {
  if (!at(word)) return mistake(message);
  advance();
  return {};
}

Status FilterParser::onlyExtended(const char* message) const {
  if (compatible_) return mistake(message);
  return {};
}

Error FilterParser::mistake(const char* message) const {
  // A broken token's text is one of the lexer's literals, which end in a zero.
  return mistakeAt(token_.column, token_.kind == Kind::broken ? token_.text.data() : message);
}

Error FilterParser::mistakeAt(uint32_t place, const char* message) const {
  return {ErrorCode::InvalidFilter, message, place};
}

}  // namespace attune
