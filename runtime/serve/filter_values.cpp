#include "runtime/serve/filter_values.h"

#include "runtime/serve/filter_lexer.h"

namespace attune {
namespace {

Error invalid(const char* what) { return {ErrorCode::InvalidArgument, what}; }

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\r\n";
  const size_t begin = text.find_first_not_of(kSpaces);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpaces) + 1 - begin);
}

/// Whether the text is numbers joined by commas, and nothing else.
bool isNumbers(std::string_view text) {
  FilterLexer lexer(text, true);
  for (;;) {
    FilterToken token = lexer.next();
    if (token.is("-")) token = lexer.next();
    if (token.kind != FilterToken::Kind::number) return false;
    token = lexer.next();
    if (token.kind == FilterToken::Kind::end) return true;
    if (!token.is(",")) return false;
  }
}

}  // namespace

void FilterValues::clear() {
  text_.clear();
  entries_.clear();
}

void FilterValues::remove(std::string_view name) {
  size_t kept = 0;
  for (size_t i = 0; i < entries_.size(); ++i)
    if (nameOf(entries_[i]) != name) entries_[kept++] = entries_[i];
  entries_.truncate(kept);
}

Status FilterValues::set(std::string_view name, std::string_view text) {
  remove(name);
  text = trimmed(text);
  if (text.empty()) return {};
  if (text[0] == '"' || text[0] == '\'' || isNumbers(text)) return addList(name, text);
  return add(name, text, false);
}

Status FilterValues::addList(std::string_view name, std::string_view text) {
  FilterLexer lexer(text, true);
  for (;;) {
    FilterToken token = lexer.next();
    const char* begin = token.text.data();
    if (token.is("-")) token = lexer.next();
    if (token.kind == FilterToken::Kind::broken) return invalid("a quote is never closed");
    if (token.kind == FilterToken::Kind::string) {
      ATTUNE_TRY(add(name, token.text, true));
    } else if (token.kind == FilterToken::Kind::number) {
      ATTUNE_TRY(
          add(name, std::string_view(begin, static_cast<size_t>(token.text.end() - begin)), false));
    } else {
      return invalid("several values stand in quotes, with commas between them: \"a\",\"b\"");
    }
    token = lexer.next();
    if (token.kind == FilterToken::Kind::end) return {};
    if (!token.is(",")) return invalid("expected a comma between two values");
  }
}

Status FilterValues::add(std::string_view name, std::string_view value, bool escaped) {
  Entry entry{};
  entry.nameBegin = static_cast<uint32_t>(text_.size());
  entry.nameLength = static_cast<uint32_t>(name.size());
  ATTUNE_TRY(text_.append(name));
  entry.valueBegin = static_cast<uint32_t>(text_.size());
  ATTUNE_TRY(escaped ? appendUnescaped(value, text_) : text_.append(value));
  entry.valueLength = static_cast<uint32_t>(text_.size()) - entry.valueBegin;
  return entries_.push(entry);
}

bool FilterValues::has(std::string_view name) const {
  for (const Entry& entry : entries_)
    if (nameOf(entry) == name) return true;
  return false;
}

}  // namespace attune
