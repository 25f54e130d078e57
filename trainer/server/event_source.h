#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace attune::trainer {

/// Names of the networks that events come from: all of one /24 of IPv4 or one /48 of IPv6, by which
/// tracker, in one week (of seven days, from Thursday 00:00 UTC). A name is a SHA-256 of these with
/// a random number that is kept in memory alone and thrown away when the week is over: whoever has
/// the store cannot find the address, nor join two weeks. A restart gives new names. For one thread.
class EventSources {
 public:
  EventSources();
  /// 16 hexadecimal digits, or "" for this machine itself. `address` is text; what is no address is
  /// a network of its own.
  std::string nameOf(std::string_view address, std::string_view tracker, int64_t nowMs);

 private:
  void renew();

  std::array<uint8_t, 32> salt_{};
  int64_t week_ = -1;
};

/// The bytes that all addresses of a network share, behind a mark of its kind; "" for a loopback
/// address, which nobody else has. An IPv4 address in
/// IPv6 (::ffff:192.0.2.1) is the same as itself.
std::string networkOf(std::string_view address);

}  // namespace attune::trainer
