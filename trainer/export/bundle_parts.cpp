#include "trainer/export/bundle_parts.h"

#include <algorithm>

#include "runtime/bundle/bundle.h"

namespace attune::trainer {
namespace {

bool isMetadata(SectionKind kind) {
  return kind >= SectionKind::ColumnNumbers && kind <= SectionKind::ColumnCodeMarks;
}

struct Range {
  size_t begin = 0, end = 0;
};

/// Where in the file the items' metadata lie: their kinds follow each other, and so do sections.
Range metadataOf(std::span<const uint8_t> file) {
  Range range;
  const auto bundle = Bundle::open(file);
  if (!bundle.ok()) return range;
  const schema::Bundle& header = bundle.value().header();
  const auto data = static_cast<size_t>(header.data()->data() - file.data());
  for (const schema::Section* section : *header.sections()) {
    if (!isMetadata(section->kind())) continue;
    if (range.end == 0) range.begin = data + section->offset();
    range.end = data + section->offset() + section->length();
  }
  return range;
}

}  // namespace

std::vector<BundlePart> partsOf(std::span<const uint8_t> bundle, uint64_t metadataApart,
                                uint64_t most) {
  Range apart = metadataOf(bundle);
  if (apart.end - apart.begin < metadataApart) apart = {};
  std::vector<BundlePart> parts;
  const auto add = [&](Range range, bool metadata) {
    for (size_t begin = range.begin; begin < range.end; begin += most)
      parts.push_back(
          {bundle.subspan(begin, std::min<size_t>(most, range.end - begin)), metadata});
  };
  add({0, apart.begin}, false);
  add(apart, true);
  add({apart.end, bundle.size()}, false);
  return parts;
}

}  // namespace attune::trainer
