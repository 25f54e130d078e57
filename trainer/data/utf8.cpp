#include "trainer/data/utf8.h"

#include "runtime/base/utf8.h"

namespace attune::trainer {
namespace {

bool isContinuation(unsigned char c) { return (c & 0xC0) == 0x80; }

}  // namespace

std::optional<size_t> utf8Length(std::string_view text) {
  if (!isUtf8(text)) return std::nullopt;
  return countCharacters(text);
}

size_t countCharacters(std::string_view text) {
  size_t characters = 0;
  for (unsigned char c : text) characters += isContinuation(c) ? 0 : 1;
  return characters;
}

std::string_view firstCharacters(std::string_view text, size_t characters) {
  size_t at = 0;
  for (; at < text.size(); ++at) {
    if (isContinuation(static_cast<unsigned char>(text[at]))) continue;
    if (characters-- == 0) break;
  }
  return text.substr(0, at);
}

}  // namespace attune::trainer
