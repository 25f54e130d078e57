#include "runtime/serve/filter_lexer.h"

namespace attune {
namespace {

bool isSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool isLetter(char c) { return (lowerCase(c) >= 'a' && lowerCase(c) <= 'z') || c == '_'; }

}  // namespace

Status appendUnescaped(std::string_view text, Buffer<char>& out) {
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '\\' && i + 1 < text.size() &&
                        (text[i + 1] == '"' || text[i + 1] == '\'' || text[i + 1] == '\\');
    ATTUNE_TRY(out.push(text[escape ? ++i : i]));
  }
  return {};
}

bool equalWithoutCase(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i)
    if (lowerCase(a[i]) != lowerCase(b[i])) return false;
  return true;
}

FilterToken FilterLexer::next() {
  while (at_ < text_.size() && isSpace(text_[at_])) ++at_;
  const size_t begin = at_;
  for (; counted_ < begin; ++counted_)
    if ((static_cast<unsigned char>(text_[counted_]) & 0xC0) != 0x80) ++column_;
  if (at_ == text_.size()) return make(FilterToken::Kind::end, {});
  const char first = text_[at_++];
  if (first == '"' || first == '\'') return string(begin);
  if (isDigit(first)) return number(begin);
  if (isLetter(first)) {
    skipWord();
    return make(FilterToken::Kind::word, text_.substr(begin, at_ - begin));
  }
  if (first == '$') {
    if (skipWord() == 0) return broken("expected a name behind $, as in $GENRE");
    return make(FilterToken::Kind::placeholder, text_.substr(begin + 1, at_ - begin - 1));
  }
  const bool pairs = first == '!' || first == '<' || first == '>';
  if (pairs && at_ < text_.size() && text_[at_] == '=') ++at_;
  const std::string_view symbol = text_.substr(begin, at_ - begin);
  if (symbol != "!" && std::string_view("(),.|+-*=!<>").find(first) != std::string_view::npos)
    return make(FilterToken::Kind::symbol, symbol);
  if (text_.substr(begin, 2) == "\xE2\x80") return broken("expected a straight quote: \" or '");
  return broken("a character that has no meaning here");
}

FilterToken FilterLexer::string(size_t begin) {
  const char quote = text_[begin];
  const size_t inside = at_;
  while (at_ < text_.size() && text_[at_] != quote)
    at_ += escapes_ && text_[at_] == '\\' && at_ + 1 < text_.size() ? 2 : 1;
  if (at_ >= text_.size()) return broken("the quote is never closed");
  return make(FilterToken::Kind::string, text_.substr(inside, at_++ - inside));
}

FilterToken FilterLexer::number(size_t begin) {
  skipDigits();
  if (at_ + 1 < text_.size() && text_[at_] == '.' && isDigit(text_[at_ + 1])) {
    ++at_;
    skipDigits();
  }
  const size_t before = at_;
  if (at_ < text_.size() && lowerCase(text_[at_]) == 'e') {
    ++at_;
    if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-')) ++at_;
    if (skipDigits() == 0) at_ = before;
  }
  const auto kind = skipWord() == 0 ? FilterToken::Kind::number : FilterToken::Kind::duration;
  return make(kind, text_.substr(begin, at_ - begin));
}

size_t FilterLexer::skipDigits() {
  const size_t begin = at_;
  while (at_ < text_.size() && isDigit(text_[at_])) ++at_;
  return at_ - begin;
}

size_t FilterLexer::skipWord() {
  const size_t begin = at_;
  while (at_ < text_.size() && (isLetter(text_[at_]) || isDigit(text_[at_]))) ++at_;
  return at_ - begin;
}

}  // namespace attune
