#include "trainer/export/ed25519.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "tests/trainer/data/test_files.h"
#include "trainer/base/errors.h"
#include "trainer/export/sha256.h"

using namespace attune::trainer;

namespace {

template <size_t kBytes>
std::array<uint8_t, kBytes> bytesOf(const std::string& hex) {
  std::array<uint8_t, kBytes> bytes{};
  REQUIRE(hex.size() == 2 * kBytes);
  for (size_t i = 0; i < kBytes; ++i)
    bytes[i] = static_cast<uint8_t>(std::stoi(hex.substr(2 * i, 2), nullptr, 16));
  return bytes;
}

}  // namespace

TEST_CASE("the signatures of RFC 8032, 7.1, are right, and wrong for any other message") {
  const auto key = bytesOf<32>("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  const auto signature = bytesOf<64>(
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
      "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
  CHECK(isSignedBy(key, "\x72", signature));
  CHECK_FALSE(isSignedBy(key, "\x73", signature));
  CHECK_FALSE(isSignedBy(key, "", signature));
}

TEST_CASE("a signature is right for its key and message only, and any flipped bit shows") {
  const SigningKey key = SigningKey::generate(), other = SigningKey::generate();
  const Signature signature = key.sign("a manifest");
  CHECK(isSignedBy(key.publicKey(), "a manifest", signature));
  CHECK_FALSE(isSignedBy(other.publicKey(), "a manifest", signature));
  for (size_t bit = 0; bit < 8 * signature.size(); ++bit) {
    Signature flipped = signature;
    flipped[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    CHECK_FALSE(isSignedBy(key.publicKey(), "a manifest", flipped));
  }
}

TEST_CASE("a key written to a file is the same key, readable by its owner only, and written once") {
  const TestFolder folder;
  const SigningKey key = SigningKey::generate();
  const std::string path = folder.file("shop.key");
  key.write(path);
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  const SigningKey read = SigningKey::read(path);
  CHECK(read.publicKey() == key.publicKey());
  CHECK(read.sign("x") == key.sign("x"));
  CHECK_THROWS_WITH(key.write(path), Catch::Contains("never overwritten"));
  CHECK_THROWS_WITH(key.write(folder.file("none/shop.key")), Catch::Contains("cannot write"));
  REQUIRE(::chmod(path.c_str(), 0640) == 0);
  CHECK_THROWS_WITH(SigningKey::read(path), Catch::Contains("chmod 600"));
}

TEST_CASE("a key of another kind, with a passphrase or cut off is refused") {
  const TestFolder folder;
  const auto refused = [&](const std::string& text) {
    const std::string path = folder.write("bad.key", text);
    CHECK_THROWS_WITH(SigningKey::read(path), Catch::Contains("is not an Ed25519 private key"));
  };
  refused("");
  refused("-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n");
  refused("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v\n");
  // X25519, a key for agreeing on secrets: 32 bytes as well.
  refused("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VuBCIEIHABAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQFA\n"
          "-----END PRIVATE KEY-----\n");
}

TEST_CASE("base64 is read in one form only") {
  const std::string text = toBase64(std::vector<uint8_t>{1, 2, 3, 255});
  CHECK(text == "AQID/w==");
  CHECK(fromBase64(text) == std::vector<uint8_t>{1, 2, 3, 255});
  CHECK(fromBase64("AQID") == std::vector<uint8_t>{1, 2, 3});
  for (const char* bad : {"", "A", "AQID/w", "AQID/x==", "AQI=/w==", "AQID_w==", "AQID/w==\n",
                          " AQID/w==", "====", "AQ=="
                                               "AQ=="})
    CHECK(fromBase64(bad).empty());
}

TEST_CASE("a public key is read as text or from a file") {
  const TestFolder folder;
  const SigningKey key = SigningKey::generate();
  const std::string text = toBase64(key.publicKey());
  CHECK(readPublicKey(text) == key.publicKey());
  CHECK(readPublicKey(folder.write("shop.key.pub", text + "\n")) == key.publicKey());
  CHECK_THROWS_WITH(readPublicKey(folder.write("short", "AQID")),
                    Catch::Contains("does not hold a public key"));
  CHECK_THROWS_WITH(readPublicKey("none"), Catch::Contains("cannot read none"));
}

TEST_CASE("a hash is read from 64 lower-case hexadecimal digits only") {
  Sha256 hash{};
  const std::string text = toHex(sha256(std::vector<uint8_t>{1}));
  CHECK(fromHex(text, hash));
  CHECK(hash == sha256(std::vector<uint8_t>{1}));
  CHECK_FALSE(fromHex(text.substr(1), hash));
  CHECK_FALSE(fromHex(text + "0", hash));
  for (const char digit : {'A', 'g', '/', ':', '`', ' '})
    CHECK_FALSE(fromHex(digit + text.substr(1), hash));
}
