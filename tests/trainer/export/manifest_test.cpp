#include "trainer/export/manifest.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/trainer/data/test_files.h"
#include "trainer/base/errors.h"

using namespace attune::trainer;
using nlohmann::json;

namespace {

Manifest sample() {
  const std::vector<uint8_t> first = {1, 2, 3}, second = {4};
  const std::vector<uint8_t> all = {1, 2, 3, 4};
  Manifest manifest;
  manifest.dataset = "Läden \"A\"\n";
  manifest.version = 7;
  manifest.createdAt = 1'700'000'000;
  manifest.expiresAt = 1'702'592'000;
  manifest.bundle = {sha256(all), 4};
  manifest.parts = {{sha256(first), 3}, {sha256(second), 1}};
  manifest.deltas = {{sha256(first), {sha256(second), 1}}};
  return manifest;
}

/// The text of the sample after a change of one member.
std::string changed(const char* name, const json& value) {
  json document = json::parse(manifestText(sample()));
  document[name] = value;
  return document.dump();
}

}  // namespace

TEST_CASE("a manifest that was written reads as it was") {
  const Manifest manifest = parseManifest(manifestText(sample()), "m");
  CHECK(manifest.dataset == sample().dataset);
  CHECK(manifest.version == 7);
  CHECK(manifest.createdAt == 1'700'000'000);
  CHECK(manifest.expiresAt == 1'702'592'000);
  CHECK(manifest.bundle.sha256 == sample().bundle.sha256);
  REQUIRE(manifest.parts.size() == 2);
  CHECK(manifest.parts[1].bytes == 1);
  REQUIRE(manifest.deltas.size() == 1);
  CHECK(manifest.deltas[0].from == sample().deltas[0].from);
  CHECK(manifestText(manifest) == manifestText(sample()));
}

TEST_CASE("a signature covers the text byte by byte, and survives the file") {
  const SigningKey key = SigningKey::generate(), other = SigningKey::generate();
  const std::vector<PublicKey> keys = {key.publicKey()};
  SignedManifest document{manifestText(sample()), {}};
  CHECK_FALSE(signerOf(document, keys));
  addSignature(document, other);
  CHECK_FALSE(signerOf(document, keys));
  addSignature(document, key);
  addSignature(document, key);
  CHECK(document.signatures.size() == 2);
  SignedManifest read = parseSignedManifest(signedManifestText(document), "m");
  CHECK(read.text == document.text);
  CHECK(signerOf(read, keys) == key.publicKey());
  read.text += ' ';
  CHECK_FALSE(signerOf(read, keys));
  // A signature of the bare text, without what says that it is a manifest, is worth nothing.
  read = {document.text, {{key.publicKey(), key.sign(document.text)}}};
  CHECK_FALSE(signerOf(read, keys));
}

TEST_CASE("a signature by an algorithm that is not known counts for nothing and harms nothing") {
  const SigningKey key = SigningKey::generate();
  SignedManifest document{manifestText(sample()), {}};
  addSignature(document, key);
  json file = json::parse(signedManifestText(document));
  json other = file["signatures"][0];
  other["algorithm"] = "ml-dsa";
  other["sig"] = "AQID";
  file["signatures"].insert(file["signatures"].begin(), other);
  const SignedManifest read = parseSignedManifest(file.dump(), "m");
  CHECK(read.signatures.size() == 1);
  CHECK(signerOf(read, std::vector{key.publicKey()}));
}

TEST_CASE("what is no manifest, or contradicts itself, is refused by the name of its member") {
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"", "is not a manifest"},
      {"[]", "is not a manifest"},
      {"{}", "has no \"format\""},
      {changed("format", 2), "has manifest format 2, this attune knows 1"},
      {changed("format", "1"), "has a wrong \"format\""},
      {changed("version", 0), "has a wrong \"version\": 0"},
      {changed("version", -1), "has a wrong \"version\": -1"},
      {changed("version", 1.5), "has a wrong \"version\": 1.5"},
      {changed("version", 1ull << 53), "has a wrong \"version\""},
      {changed("dataset", ""), "empty or too long"},
      {changed("dataset", std::string(257, 'x')), "empty or too long"},
      {changed("dataset", 5), "not a text"},
      {changed("expiresAt", nullptr), "has a wrong \"expiresAt\""},
      {changed("bundle", 5), "is not a manifest"},
      {changed("bundle", {{"bytes", 4}, {"sha256", "abc"}}), "has a wrong \"sha256\""},
      {changed("parts", 5), "not a list"},
      {changed("parts", json::array()), "do not make its bundle"},
      {changed("parts", {{{"bytes", 5}, {"sha256", std::string(64, 'a')}}}), "do not make"},
      {changed("parts", json::array({nullptr})), "is not a manifest"},
      {changed("deltas", 5), "not a list"},
      {changed("deltas", json::array({{{"bytes", 5}, {"sha256", std::string(64, 'a')}}})),
       "has no \"from\""},
      {changed("deltas", json::array({{{"bytes", 5},
                                       {"sha256", std::string(64, 'a')},
                                       {"from", "../x"}}})),
       "wrong \"from\""},
  };
  for (const auto& [text, message] : bad) {
    INFO(text);
    CHECK_THROWS_WITH(parseManifest(text, "m"), Catch::Contains(message) && Catch::StartsWith("m "));
  }
}

TEST_CASE("a file that is no signed manifest is refused") {
  const TestFolder folder;
  for (const char* text : {"", "x", "[]", "{}", R"({"signed":5,"signatures":[]})",
                           R"({"signed":"x"})", R"({"signed":"x","signatures":[5]})",
                           R"({"signed":"x","signatures":[{"algorithm":"ed25519"}]})",
                           R"({"signed":"x","signatures":[{"algorithm":"ed25519","keyid":"AQID","sig":""}]})"}) {
    INFO(text);
    CHECK_THROWS_AS(readSignedManifest(folder.write("manifest.json", text)), UserError);
  }
  const std::string large(kMaxManifestBytes + 1, ' ');
  CHECK_THROWS_WITH(readSignedManifest(folder.write("manifest.json", large)),
                    Catch::Contains("longer than"));
}
