#include "runtime/models/item_vectors.h"

#include <algorithm>
#include <cmath>

#include "runtime/base/math.h"
#include "runtime/models/weight_reader.h"

namespace attune {

void ItemVectors::copy(uint32_t item, std::span<float> out) const {
  if (!floats.empty()) {
    std::copy_n(floats.begin() + static_cast<std::ptrdiff_t>(item * dimension), dimension,
                out.begin());
    return;
  }
  const std::span<const int8_t> row = bytes.row(item);
  for (size_t i = 0; i < dimension; ++i) out[i] = bytes.scales[item] * static_cast<float>(row[i]);
}

Status ItemVectors::scan(std::span<const float> vector, bool exact, ModelScratch& scratch,
                         std::span<float> scores) const {
  if (!approximates()) {
    matvec(floats, vector, scores);
    return {};
  }
  if (!exact && shortlist > 0) {
    ATTUNE_TRY(scratch.tables.set(vector, points));
    scanCodes(codes, scratch.tables, scores);
    return {};
  }
  ATTUNE_TRY(scratch.query.set(vector, bytes.stride));
  scanRows(bytes, scratch.query, scores);
  return {};
}

void ItemVectors::refine(std::span<const float> vector, std::span<Scored> ranked) const {
  // Many rows at once are on their way before the first is needed.
  constexpr size_t kAhead = 64;
  for (size_t begin = 0; begin < ranked.size(); begin += kAhead) {
    const auto some = ranked.subspan(begin, std::min(kAhead, ranked.size() - begin));
    float sum = 0;
    for (const Scored& one : some) {
      const std::span<const int8_t> row = bytes.row(one.item);
      sum += static_cast<float>(row.front() + row.back()) + bytes.scales[one.item];
    }
    asm volatile("" ::"r"(sum));
    for (Scored& one : some)
      one.score = dotBytes(vector, bytes.row(one.item).data(), bytes.scales[one.item]);
  }
}

Status ItemVectors::scoreRelated(uint32_t item, ModelScratch& scratch, std::span<float> scores) const {
  ATTUNE_TRY(scratch.numbers.resize(2 * dimension));
  const std::span<float> vector = scratch.numbers.span().first(dimension);
  const std::span<float> other = scratch.numbers.span().subspan(dimension);
  copy(item, vector);
  const float length = std::sqrt(dot(vector, vector)) + 1e-12f;
  for (uint32_t i = 0; i < scores.size(); ++i) {
    copy(i, other);
    scores[i] = dot(vector, other) / (length * (std::sqrt(dot(other, other)) + 1e-12f));
  }
  return {};
}

float ItemVectors::similarity(uint32_t a, uint32_t b) const {
  const auto product = [&](uint32_t one, uint32_t other) {
    if (!floats.empty())
      return dot(floats.subspan(one * dimension, dimension),
                 floats.subspan(other * dimension, dimension));
    const int8_t* left = bytes.row(one).data();
    const int8_t* right = bytes.row(other).data();
    int32_t sum = 0;  // a cosine needs no scales
    for (size_t i = 0; i < dimension; ++i) sum += left[i] * right[i];
    return static_cast<float>(sum);
  };
  return product(a, b) / (std::sqrt(product(a, a) * product(b, b)) + 1e-12f);
}

namespace {

Status readCodes(const Bundle& bundle, ItemVectors& vectors) {
  const size_t columns = CodedRows::columnsOf(vectors.dimension);
  const auto codes = bundle.bytes(SectionKind::ItemCodes);
  ATTUNE_TRY(codes);
  const auto points = bundle.floats(SectionKind::ItemCodePoints,
                                    2 * columns * CodedRows::kPoints * CodedRows::kWidth, 0, 128);
  ATTUNE_TRY(points);
  vectors.shortlist = bundle.header().shortlist();
  if (codes.value().size() != CodedRows::bytesOf(bundle.itemCount(), columns) ||
      vectors.shortlist == 0 || vectors.shortlist > kLargestShortlist)
    return Error{ErrorCode::CorruptBundle, "the items' codes are damaged"};
  vectors.codes = {codes.value(), vectors.bytes.scales, columns};
  vectors.points = points.value();
  return {};
}

}  // namespace

Result<ItemVectors> readItemVectors(const Bundle& bundle, size_t dimension) {
  const size_t items = bundle.itemCount();
  ItemVectors vectors;
  vectors.dimension = dimension;
  if (!bundle.has(SectionKind::ItemVectorScales)) {
    const auto floats =
        bundle.floats(SectionKind::ItemVectors, items * dimension, 0, kLargestWeight);
    ATTUNE_TRY(floats);
    vectors.floats = floats.value();
    return vectors;
  }
  const size_t stride = (dimension + 15) / 16 * 16;
  const auto bytes = bundle.signedBytes(SectionKind::ItemVectors, items * stride);
  ATTUNE_TRY(bytes);
  const auto scales = bundle.floats(SectionKind::ItemVectorScales, items, 0, kLargestWeight / 128);
  ATTUNE_TRY(scales);
  vectors.bytes = {bytes.value(), scales.value(), stride};
  if (bundle.has(SectionKind::ItemCodes)) ATTUNE_TRY(readCodes(bundle, vectors));
  return vectors;
}

}  // namespace attune
