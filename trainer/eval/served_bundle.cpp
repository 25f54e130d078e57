#include "trainer/eval/served_bundle.h"

#include <sys/stat.h>

#include <cerrno>
#include <fstream>

#include "trainer/base/errors.h"
#include "trainer/base/files.h"
#include "trainer/base/suggest.h"
#include "trainer/export/publication.h"

namespace attune::trainer {
namespace {

constexpr const char* kSeenItems = R"(EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*"))";

Buffer<uint8_t> aligned(std::span<const uint8_t> bytes, const std::string& name) {
  Buffer<uint8_t> copy;
  if (const Status status = copy.append(bytes); !status.ok())
    throwRuntimeError(name, status.error());
  return copy;
}

/// The size of a regular file; throws UserError for anything else.
uint64_t sizeOfFile(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0)
    throw UserError("cannot read " + path + ": " + systemErrorText(errno));
  if (!S_ISREG(status.st_mode)) throw UserError("cannot read " + path + ": it is not a file");
  return static_cast<uint64_t>(status.st_size);
}

Buffer<uint8_t> readAligned(const std::string& path) {
  const uint64_t size = sizeOfFile(path);
  if (size > BundleLimits::kMaxBytes)
    throw UserError(path + " is not a bundle: it is longer than 1 GiB");
  Buffer<uint8_t> bytes;
  if (const Status status = bytes.resize(size); !status.ok())
    throwRuntimeError(path, status.error());
  std::ifstream in(path, std::ios::binary);
  if (!in) throw UserError("cannot read " + path + ": " + systemErrorText(errno));
  in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size));
  if (static_cast<uint64_t>(in.gcount()) != size)
    throw UserError("cannot read " + path + ": it ended early");
  return bytes;
}

/// Spaces up to a byte of the text, one a character; so that a mark stands under it.
std::string indentTo(std::string_view text, size_t byte) {
  std::string indent;
  for (const char c : text.substr(0, byte))
    if ((static_cast<uint8_t>(c) & 0xC0) != 0x80) indent += ' ';
  return indent;
}

/// Line breaks and tabs as spaces: one line, and one column a character.
std::string onOneLine(std::string text) {
  for (char& c : text)
    if (static_cast<uint8_t>(c) < ' ') c = ' ';
  return text;
}

}  // namespace

void throwRuntimeError(const std::string& what, const Error& error) {
  std::string text = what + ": " + error.what;
  if (error.at != Error::kNowhere) text += " (byte " + std::to_string(error.at) + ")";
  throw UserError(text);
}

ServedBundle::ServedBundle(std::span<const uint8_t> bytes, const std::string& name)
    : ServedBundle(aligned(bytes, name), name) {}

ServedBundle::ServedBundle(Buffer<uint8_t> bytes, const std::string& name)
    : bytes_(std::move(bytes)) {
  auto engine = Engine::open(bytes_.span());
  engine_ = std::move(valueOf(engine, name));
}

ServedBundle ServedBundle::read(const std::string& path) {
  const std::string manifest = path + "/manifest.json";
  struct stat status {};
  if (::stat(manifest.c_str(), &status) != 0) return ServedBundle(readAligned(path), path);
  const Manifest published = parseManifest(readSignedManifest(manifest).text, manifest);
  return ServedBundle(readPublishedBundle(path, published), path);
}

std::string describeMistake(const std::string& expression, const Error& error,
                            const FilterHint& hint) {
  std::string text = error.what;
  if (!hint.meant.empty()) text += "; did you mean " + std::string(hint.meant) + "?";
  if (error.at != Error::kNowhere && error.at > 0)
    text += " (column " + std::to_string(error.at) + ")\n  " + onOneLine(expression) + "\n  " +
            indentTo(expression, error.at - 1) + "^";
  return text;
}

Filter parseFilter(const std::string& expression, const FilterFields& fields,
                   FilterLanguage language) {
  FilterHint hint;
  auto filter = Filter::compile(expression, fields, language, hint);
  if (filter.ok()) return std::move(filter.value());
  throw UserError("the filter cannot be used: " +
                  describeMistake(expression, filter.error(), hint));
}

std::string filterExpression(const NamedFilters& filters, const std::string& text) {
  if (!NamedFilters::isName(text)) return text;
  const uint32_t found = filters.find(text);
  if (found != NamedFilters::kNone) return std::string(filters.expression(found));
  std::vector<std::string> names;
  for (uint32_t i = 0; i < filters.size(); ++i) names.emplace_back(filters.name(i));
  throw UserError("the bundle has no filter " + text + didYouMean(text, names));
}

Filter seenItemsFilter() {
  FilterFields fields;
  if (!fields.addEventFields().ok()) throw std::bad_alloc();
  return parseFilter(kSeenItems, fields, FilterLanguage::extended);
}

}  // namespace attune::trainer
