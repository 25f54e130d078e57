#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace attune::trainer {

/// A proof by the shop's own server that a request is of a user who is signed in:
///   <expiry>.<hexadecimal HMAC-SHA256 of "<userId>\n<expiry>">
/// with the tracker's verify secret (the bytes of its text) as key and the expiry in seconds since
/// 1970, in decimal digits.
std::string userToken(std::string_view secret, std::string_view userId, int64_t expiry);

/// Whether a token proves the user at `nowSeconds`. How long it takes does not tell how near a wrong
/// one was. Nothing is proved by an empty secret, or for an empty user.
bool provesUser(std::string_view token, std::string_view secret, std::string_view userId,
                int64_t nowSeconds);

/// A new verify secret: 256 random bits as text.
std::string newVerifySecret();

}  // namespace attune::trainer
