#include "runtime/base/ngrams.h"

#include <algorithm>
#include <iterator>

#include "runtime/base/utf8.h"

namespace attune {
namespace {

struct Range {
  char32_t first, last;
};

/// What is neither letter nor digit; ascending. Above Latin-1 by blocks, which is enough here.
constexpr Range kSeparators[] = {
    {0x00, 0x2f},     {0x3a, 0x40},     {0x5b, 0x60},     {0x7b, 0xa9},     {0xab, 0xb4},
    {0xb6, 0xb9},     {0xbb, 0xbf},     {0xd7, 0xd7},     {0xf7, 0xf7},     {0x1680, 0x1680},
    {0x2000, 0x206f}, {0x2190, 0x2bff}, {0x2e00, 0x2e7f}, {0x3000, 0x3004}, {0x3008, 0x3020},
    {0x3030, 0x3030}, {0x30fb, 0x30fb}, {0xd800, 0xdfff}, {0xfe10, 0xfe1f}, {0xfe30, 0xfe6f},
    {0xfeff, 0xff0f}, {0xff5f, 0xff65}, {0xfff0, 0xffff}};

constexpr Range kUnspaced[] = {
    {0x0e00, 0x0eff}, {0x1000, 0x109f}, {0x1100, 0x11ff},  {0x1780, 0x17ff}, {0x3005, 0x318f},
    {0x31a0, 0x31ff}, {0x3400, 0x4dbf}, {0x4e00, 0x9fff},  {0xa960, 0xa97f}, {0xac00, 0xd7ff},
    {0xf900, 0xfaff}, {0xff66, 0xffdc}, {0x20000, 0x3ffff}};

template <size_t N>
bool isIn(const Range (&ranges)[N], char32_t character) {
  const Range* found =
      std::lower_bound(std::begin(ranges), std::end(ranges), character,
                       [](const Range& range, char32_t c) { return range.last < c; });
  return found != std::end(ranges) && found->first <= character;
}

/// Letters whose lower case follows each of them at once, the upper case ones even or odd.
constexpr Range kEvenUpper[] = {
    {0x0100, 0x0137}, {0x014a, 0x0177}, {0x0460, 0x0481}, {0x048a, 0x04bf}, {0x04d0, 0x052f}};
constexpr Range kOddUpper[] = {{0x0139, 0x0148}, {0x0179, 0x017e}, {0x04c1, 0x04ce}};

struct Shift {
  char32_t first, last;
  int32_t by;
};

constexpr Shift kShifts[] = {
    {'A', 'Z', 32},           {0xc0, 0xd6, 32},          {0xd8, 0xde, 32},
    {0x178, 0x178, -121},     {0x386, 0x386, 38},        {0x388, 0x38a, 37},
    {0x38c, 0x38c, 64},       {0x38e, 0x38f, 63},        {0x391, 0x3a1, 32},
    {0x3a3, 0x3ab, 32},       {0x3c2, 0x3c2, 1},         {0x400, 0x40f, 80},
    {0x410, 0x42f, 32},       {0xff01, 0xff20, -0xfee0}, {0xff21, 0xff3a, -0xfee0 + 32},
    {0xff3b, 0xff5e, -0xfee0}};

}  // namespace

char32_t readCodePoint(std::string_view text, size_t& at) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const unsigned char lead = byte(0);
  const size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (at + length > text.size() || !isUtf8(text.substr(at, length))) return ++at, U'\ufffd';
  static constexpr unsigned char kBits[] = {0x7f, 0x1f, 0x0f, 0x07};
  char32_t character = lead & kBits[length - 1];
  for (size_t i = 1; i < length; ++i) character = (character << 6) | (byte(i) & 0x3fu);
  at += length;
  return character;
}

char32_t foldCase(char32_t character) {
  for (const Shift& shift : kShifts)
    if (character >= shift.first && character <= shift.last)
      return character + static_cast<char32_t>(shift.by);
  if (character % 2 == 0 ? isIn(kEvenUpper, character) : isIn(kOddUpper, character))
    return character + 1;
  return character;
}

CharacterClass classOf(char32_t character) {
  if (isIn(kSeparators, character)) return CharacterClass::separator;
  return isIn(kUnspaced, character) ? CharacterClass::unspaced : CharacterClass::spaced;
}

}  // namespace attune
