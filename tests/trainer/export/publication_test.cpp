#include "trainer/export/publication.h"

#include <catch2/catch.hpp>
#include <filesystem>

#include "tests/trainer/data/test_files.h"
#include "trainer/base/errors.h"
#include "trainer/export/delta.h"

using namespace attune::trainer;

namespace {

constexpr int64_t kNow = 1'700'000'000;

std::vector<uint8_t> bundleOf(uint8_t seed, size_t bytes = 1000) {
  std::vector<uint8_t> bundle(bytes);
  for (size_t i = 0; i < bytes; ++i) bundle[i] = static_cast<uint8_t>(seed + 7 * i);
  return bundle;
}

struct Shop {
  TestFolder folder;
  std::vector<SigningKey> keys = {SigningKey::generate()};
  PublishOptions options{.folder = folder.file("shop"), .now = kNow};

  Manifest publish(uint8_t seed) {
    return attune::trainer::publish(options, bundleOf(seed), keys);
  }
  Manifest back() { return rollBack(options, std::nullopt, keys); }
  Manifest current() const {
    const std::string path = options.folder + "/manifest.json";
    return parseManifest(readSignedManifest(path).text, path);
  }
  std::vector<uint8_t> served() const { return readPublishedBundle(options.folder, current()); }
};

}  // namespace

TEST_CASE("what is published is what is read, with dataset, version and expiry") {
  Shop shop;
  const Manifest manifest = shop.publish(1);
  CHECK(manifest.dataset == "shop");
  CHECK(manifest.version == 1);
  CHECK(manifest.expiresAt == kNow + 30 * 86400);
  CHECK(shop.served() == bundleOf(1));
  CHECK(shop.publish(2).version == 2);
  CHECK(shop.served() == bundleOf(2));
}

TEST_CASE("a bundle in parts is the same bundle, and equal parts are one file") {
  Shop shop;
  shop.options.maxPartBytes = 256;
  CHECK(shop.publish(1).parts.size() == 4);
  CHECK(shop.served() == bundleOf(1));
  shop.options.maxPartBytes = 500;
  const std::vector<uint8_t> same(1000, 5);
  const Manifest manifest = publish(shop.options, same, shop.keys);
  CHECK(manifest.parts[0].sha256 == manifest.parts[1].sha256);
  CHECK(shop.served() == same);
  shop.options.maxPartBytes = 3;
  CHECK_THROWS_WITH(shop.publish(1), Catch::Contains("more than 256 files"));
}

TEST_CASE("going back names the bundle before under a new version, again and again") {
  Shop shop;
  for (uint8_t seed = 1; seed <= 3; ++seed) shop.publish(seed);
  CHECK(shop.back().version == 4);
  CHECK(shop.served() == bundleOf(2));
  CHECK(shop.back().version == 5);
  CHECK(shop.served() == bundleOf(1));
  CHECK_THROWS_WITH(shop.back(), Catch::Contains("no earlier bundle"));
  CHECK(rollBack(shop.options, 3, shop.keys).version == 6);
  CHECK(shop.served() == bundleOf(3));
}

TEST_CASE("no manifests are kept when none are wanted, and the files in use stay") {
  Shop shop;
  shop.options.keep = 0;
  shop.options.deltas = 0;
  for (uint8_t seed = 1; seed <= 3; ++seed) shop.publish(seed);
  CHECK(shop.served() == bundleOf(3));
  const std::filesystem::directory_iterator all(shop.options.folder);
  CHECK(std::distance(begin(all), end(all)) == 3);  // the lock, the manifest, the file
  CHECK_THROWS_WITH(shop.back(), Catch::Contains("no earlier bundle"));
}

TEST_CASE("a bundle that is published twice keeps its file when the first version goes") {
  Shop shop;
  shop.options.keep = 1;
  for (const uint8_t seed : {1, 2, 3, 1, 4}) shop.publish(seed);
  CHECK(shop.served() == bundleOf(4));
  shop.back();
  CHECK(shop.served() == bundleOf(1));
}

TEST_CASE("deltas lead from the newest bundles before to the one in use, and go with it") {
  Shop shop;
  const auto similar = [](uint8_t mark) {
    std::vector<uint8_t> bundle(5000);
    for (size_t i = 0; i < bundle.size(); ++i) bundle[i] = static_cast<uint8_t>(i * i >> 3);
    bundle[2000] = mark;
    return bundle;
  };
  const auto deltaFile = [&](const PublishedDelta& delta) {
    return readFile(shop.options.folder + "/" + toHex(delta.file.sha256) + ".delta");
  };
  for (uint8_t mark = 1; mark <= 4; ++mark) publish(shop.options, similar(mark), shop.keys);
  const Manifest manifest = shop.current();
  REQUIRE(manifest.deltas.size() == 2);
  for (size_t i = 0; i < 2; ++i) {
    const auto older = similar(static_cast<uint8_t>(3 - i));
    CHECK(manifest.deltas[i].from == sha256(older));
    const std::string text = deltaFile(manifest.deltas[i]);
    CHECK(text.size() == manifest.deltas[i].file.bytes);
    const std::vector<uint8_t> delta(text.begin(), text.end());
    CHECK(applyDelta(older, delta, 5000) == similar(4));
  }
  SECTION("a bundle that is too different, or whose file is damaged, has none") {
    std::filesystem::resize_file(publishedPath(shop.options.folder, manifest.parts[0]), 10);
    const Manifest next = publish(shop.options, similar(5), shop.keys);
    REQUIRE(next.deltas.size() == 2);
    CHECK(next.deltas[0].from == sha256(similar(3)));
    std::vector<uint8_t> other(5000);
    uint32_t state = 1;
    for (uint8_t& byte : other) byte = static_cast<uint8_t>((state = state * 1664525 + 1) >> 24);
    CHECK(publish(shop.options, other, shop.keys).deltas.empty());
    CHECK(deltaFile(manifest.deltas[0]).empty());
  }
  SECTION("going back has them as well") {
    const Manifest back = shop.back();
    REQUIRE(back.deltas.size() == 2);
    CHECK(back.deltas[0].from == sha256(similar(4)));
  }
}

TEST_CASE("a refused publication leaves the folder as it was") {
  Shop shop;
  shop.publish(1);
  const Manifest before = shop.current();
  PublishOptions options = shop.options;
  options.version = 1;
  CHECK_THROWS_WITH(publish(options, bundleOf(2), shop.keys), Catch::Contains("is not above 1"));
  options = shop.options;
  options.dataset = "other";
  CHECK_THROWS_WITH(publish(options, bundleOf(2), shop.keys), Catch::Contains("use another folder"));
  const std::vector<SigningKey> other = {SigningKey::generate()};
  CHECK_THROWS_WITH(publish(shop.options, bundleOf(2), other), Catch::Contains("none of these keys"));
  CHECK(manifestText(shop.current()) == manifestText(before));
  CHECK(shop.served() == bundleOf(1));
}

TEST_CASE("a folder that cannot be made is named") {
  Shop shop;
  shop.folder.write("shop", "a file");
  CHECK_THROWS_WITH(shop.publish(1), Catch::Contains("cannot make the folder"));
}
