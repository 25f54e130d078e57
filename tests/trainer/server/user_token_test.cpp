#include "trainer/server/user_token.h"

#include <catch2/catch.hpp>

using namespace attune::trainer;  // NOLINT: tests

namespace {

constexpr int64_t kNow = 1'700'000'000;

}  // namespace

TEST_CASE("a token is the HMAC that every language makes") {
  // printf 'ada\n1700003600' | openssl dgst -sha256 -hmac secret
  CHECK(userToken("secret", "ada", kNow + 3600) ==
        "1700003600.cd2628a55278c4c1cd6a89d5cd8a24f72c3edf124bbb230fd7e8d083e1a022e2");
}

TEST_CASE("a token proves its user until it expires, and nobody else") {
  const std::string token = userToken("secret", "ada", kNow + 60);
  CHECK(provesUser(token, "secret", "ada", kNow));
  CHECK(provesUser(token, "secret", "ada", kNow + 60));
  CHECK_FALSE(provesUser(token, "secret", "ada", kNow + 61));
  CHECK_FALSE(provesUser(token, "secret", "bob", kNow));
  CHECK_FALSE(provesUser(token, "other", "ada", kNow));
}

TEST_CASE("what is no token proves nothing") {
  const std::string token = userToken("secret", "ada", kNow + 60);
  CHECK_FALSE(provesUser("", "secret", "ada", kNow));
  CHECK_FALSE(provesUser(".", "secret", "ada", kNow));
  CHECK_FALSE(provesUser("1700000060", "secret", "ada", kNow));
  CHECK_FALSE(provesUser("99999999999999999999.00", "secret", "ada", kNow));
  CHECK_FALSE(provesUser(token + "0", "secret", "ada", kNow));
  CHECK_FALSE(provesUser(token.substr(0, token.size() - 1), "secret", "ada", kNow));
  CHECK_FALSE(provesUser("0" + token, "secret", "ada", kNow));
  std::string later = token;
  later[0] = '9';
  CHECK_FALSE(provesUser(later, "secret", "ada", kNow));
  // Without a secret anybody could sign, and nobody is nobody's proof.
  CHECK_FALSE(provesUser(userToken("", "ada", kNow + 60), "", "ada", kNow));
  CHECK_FALSE(provesUser(userToken("secret", "", kNow + 60), "secret", "", kNow));
}

TEST_CASE("secrets are long and different") {
  CHECK(newVerifySecret().size() == 68);
  CHECK(newVerifySecret() != newVerifySecret());
}
