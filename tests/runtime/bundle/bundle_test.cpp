#include "runtime/bundle/bundle.h"

#include <catch2/catch.hpp>
#include <string>

#include "tests/support/sample.h"

using namespace attune;
using namespace attune::testing;

namespace {

ErrorCode codeOf(std::span<const uint8_t> bytes) {
  const auto engine = Engine::open(bytes);
  REQUIRE_FALSE(engine.ok());
  return engine.error().code;
}

/// The header of a bundle, to be changed in place.
schema::Bundle* headerOf(Buffer<uint8_t>& bytes) {
  return flatbuffers::GetMutableRoot<schema::Bundle>(bytes.data());
}

template <typename Change>
ErrorCode afterChange(Change change) {
  Buffer<uint8_t> bytes = sampleBundle();
  change(bytes);
  return codeOf(bytes.span());
}

/// Replaces a scalar field of the root table; it must be there.
template <typename T>
void setField(Buffer<uint8_t>& bytes, flatbuffers::voffset_t field, T value) {
  auto* table = reinterpret_cast<flatbuffers::Table*>(headerOf(bytes));
  REQUIRE(table->SetField<T>(field, value, T{}));
}

}  // namespace

TEST_CASE("a sound bundle opens and says what it is") {
  const Buffer<uint8_t> bytes = sampleBundle();
  const auto bundle = Bundle::open(bytes.span());
  REQUIRE(bundle.ok());
  CHECK(bundle.value().itemCount() == 6);
  CHECK(bundle.value().recipe() == "sims");
  CHECK(bundle.value().provenance() == R"({"made":"by hand"})");
}

TEST_CASE("the same parts give the same bytes, whatever the order they were added in") {
  CHECK(sampleBuilder().finish() == sampleBuilder().finish());
}

TEST_CASE("the header lies before the data and the data end the file") {
  const Buffer<uint8_t> bytes = sampleBundle();
  const auto bundle = Bundle::open(bytes.span());
  REQUIRE(bundle.ok());
  const auto* data = bundle.value().header().data();
  CHECK(data->data() + data->size() == bytes.end());
  CHECK(reinterpret_cast<const uint8_t*>(&bundle.value().header()) < data->data());
}

TEST_CASE("bytes that are no bundle are refused as such") {
  CHECK(codeOf({}) == ErrorCode::NotABundle);
  CHECK(codeOf(aligned(std::vector<uint8_t>(1000, 0)).span()) == ErrorCode::NotABundle);
  const std::string json(100, '{');
  CHECK(codeOf(aligned({reinterpret_cast<const uint8_t*>(json.data()), json.size()}).span()) ==
        ErrorCode::NotABundle);
}

TEST_CASE("a bundle in unaligned memory is refused, not read") {
  const Buffer<uint8_t> bytes = sampleBundle();
  Buffer<uint8_t> shifted;
  REQUIRE(shifted.resize(bytes.size() + 1).ok());
  std::copy(bytes.begin(), bytes.end(), shifted.begin() + 1);
  CHECK(codeOf(shifted.span().subspan(1)) == ErrorCode::InvalidArgument);
}

TEST_CASE("another format version and unknown required features are refused by name") {
  CHECK(afterChange([](auto& bytes) {
          setField<uint16_t>(bytes, schema::Bundle::VT_FORMAT_MAJOR, 2);
        }) == ErrorCode::UnsupportedVersion);
  const auto withFeature = [] {
    flatbuffers::FlatBufferBuilder out;
    out.ForceVectorAlignment(16, 1, 16);
    const auto data = out.CreateVector(std::vector<uint8_t>(16));
    const auto sections = out.CreateVectorOfStructs(std::vector<schema::Section>());
    const auto recipe = out.CreateVector(std::vector<uint8_t>{'x'});
    schema::FinishBundleBuffer(
        out, schema::CreateBundle(out, 0x01020304, 1, 0, /*required_features=*/uint64_t{1} << 63, 1,
                                  ModelKind::Popularity, recipe, 0, 0, sections, 0, 0, 0, data));
    return aligned({out.GetBufferPointer(), out.GetSize()});
  }();
  CHECK(codeOf(withFeature.span()) == ErrorCode::UnsupportedVersion);
}

TEST_CASE("a newer minor version is accepted") {
  trainer::BundleBuilder builder = sampleBuilder();
  Buffer<uint8_t> bytes = aligned(builder.finish());
  // format_minor is 0 and so not stored; a file that stores it must open as well.
  CHECK(Engine::open(bytes.span()).ok());
}

TEST_CASE("a section of an unknown kind is skipped only when it is marked so") {
  const auto changeLast = [](uint8_t flags) {
    Buffer<uint8_t> bytes = sampleBundle();
    auto* sections = headerOf(bytes)->sections();
    auto* last = const_cast<uint8_t*>(
        reinterpret_cast<const uint8_t*>(sections->Get(sections->size() - 1)));
    const uint16_t kind = 60000;
    std::memcpy(last, &kind, 2);
    last[3] = flags;
    return bytes;
  };
  CHECK(codeOf(changeLast(0).span()) == ErrorCode::UnsupportedVersion);
  // Skipped; the engine then opens without the section the kind was changed from (the scales).
  CHECK(Bundle::open(changeLast(1).span()).ok());
}

TEST_CASE("a wrong byte order, no items and trailing bytes are refused") {
  CHECK(afterChange([](auto& bytes) {
          setField<uint32_t>(bytes, schema::Bundle::VT_BYTE_ORDER, 0x04030201);
        }) == ErrorCode::CorruptBundle);
  CHECK(afterChange([](auto& bytes) {
          setField<uint32_t>(bytes, schema::Bundle::VT_ITEM_COUNT, 0);
        }) == ErrorCode::CorruptBundle);
  CHECK(afterChange([](auto& bytes) {
          REQUIRE(bytes.append(std::vector<uint8_t>(16)).ok());
        }) == ErrorCode::CorruptBundle);
}

TEST_CASE("more items than the sections hold are refused") {
  CHECK(afterChange([](auto& bytes) {
          setField<uint32_t>(bytes, schema::Bundle::VT_ITEM_COUNT, 7);
        }) == ErrorCode::CorruptBundle);
}
