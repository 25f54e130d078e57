#include "runtime/serve/filter_parser.h"

namespace attune {
namespace {

constexpr size_t kMaxLength = 2500;  // Personalize's limit for an expression

bool isSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool isWordCharacter(char c) {
  const char l = lower(c);
  return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

}  // namespace

bool equalWithoutCase(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i)
    if (lower(a[i]) != lower(b[i])) return false;
  return true;
}

Error FilterParser::mistake(const Token& token, const char* message) {
  return {ErrorCode::InvalidFilter, message, token.column};
}

FilterParser::Token FilterParser::next() {
  while (at_ < text_.size() && isSpace(text_[at_])) ++at_;
  Token token;
  token.column = at_ + 1;
  if (at_ == text_.size()) return token;
  const size_t begin = at_;
  const char first = text_[at_++];
  if (first == '"' || first == '\'') {
    const size_t close = text_.find(first, at_);
    if (close == std::string_view::npos) {
      token.kind = Token::Kind::broken;
      return token;
    }
    token.kind = Token::Kind::string;
    token.text = text_.substr(at_, close - at_);
    at_ = close + 1;
    return token;
  }
  token.kind = Token::Kind::symbol;
  if (isWordCharacter(first)) {
    token.kind = Token::Kind::word;
    while (at_ < text_.size() && isWordCharacter(text_[at_])) ++at_;
  }
  token.text = text_.substr(begin, at_ - begin);
  return token;
}

Status FilterParser::expectWord(std::string_view word, const char* message) {
  const Token token = next();
  if (token.kind != Token::Kind::word || !equalWithoutCase(token.text, word))
    return mistake(token, message);
  return {};
}

Status FilterParser::expectSymbol(std::string_view symbol, const char* message) {
  const Token token = next();
  if (token.kind != Token::Kind::symbol || token.text != symbol) return mistake(token, message);
  return {};
}

Result<Filter> FilterParser::parse() {
  if (text_.size() > kMaxLength)
    return Error{ErrorCode::InvalidFilter, "longer than 2500 characters", kMaxLength + 1};
  Filter filter;
  ATTUNE_TRY(parseAction(filter));
  ATTUNE_TRY(parseField());
  ATTUNE_TRY(parseTypes(filter));
  const Token end = next();
  if (end.kind != Token::Kind::end)
    return mistake(end, "the expression should end here; only the form EXCLUDE ItemID WHERE "
                        "Interactions.EVENT_TYPE IN (...) is supported in this version");
  return filter;
}

Status FilterParser::parseAction(Filter& filter) {
  const Token action = next();
  filter.include_ = equalWithoutCase(action.text, "INCLUDE");
  if (!filter.include_ && !equalWithoutCase(action.text, "EXCLUDE"))
    return mistake(action, "expected INCLUDE or EXCLUDE");
  ATTUNE_TRY(expectWord("ItemID", "expected ItemID"));
  return expectWord("WHERE", "expected WHERE");
}

Status FilterParser::parseField() {
  ATTUNE_TRY(expectWord("Interactions",
                        "expected Interactions; fields of Items and Users are not supported in "
                        "this version"));
  ATTUNE_TRY(expectSymbol(".", "expected a point, as in Interactions.EVENT_TYPE"));
  return expectWord("EVENT_TYPE", "expected EVENT_TYPE, the one field of Interactions to filter by");
}

Status FilterParser::parseTypes(Filter& filter) {
  ATTUNE_TRY(expectWord("IN", "expected IN"));
  ATTUNE_TRY(expectSymbol("(", "expected ( and a list of event types"));
  for (;;) {
    const Token type = next();
    if (type.kind == Token::Kind::broken) return mistake(type, "the quote is never closed");
    if (type.kind != Token::Kind::string)
      return mistake(type, "expected an event type in quotes, or \"*\"");
    if (type.text == "*") filter.anyType_ = true;
    ATTUNE_TRY(filter.typeText_.append(type.text));
    ATTUNE_TRY(filter.typeEnds_.push(static_cast<uint32_t>(filter.typeText_.size())));
    const Token after = next();
    if (after.text == ")" && after.kind == Token::Kind::symbol) return {};
    if (after.text != "," || after.kind != Token::Kind::symbol)
      return mistake(after, "expected , or )");
  }
}

}  // namespace attune
