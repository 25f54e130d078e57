#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace attune::trainer {

/// How much one caller may ask: `perSecond` requests in the long run, `burst` at once. 0 a second:
/// without limit.
struct Rate {
  double perSecond = 0;
  double burst = 0;
};

/// A token bucket for each name (an address, a tracker), at most `capacity` of them. A bucket that
/// is full again is the same as none, so it is forgotten first; when more callers than that are
/// busy at once, new ones share one bucket. Times are given, so that it is a pure structure. For
/// one thread.
class RateLimit {
 public:
  RateLimit(Rate rate, size_t capacity) : rate_(rate), capacity_(capacity) {}

  /// 0 when the request is within the limit (and counts); otherwise in how many whole seconds, at
  /// least 1, one will be.
  int64_t take(std::string_view name, double nowSeconds);
  size_t size() const { return buckets_.size(); }

 private:
  struct Bucket {
    double tokens;
    double at;
  };

  Bucket& bucketOf(std::string_view name, double nowSeconds);
  double tokensAt(const Bucket& bucket, double nowSeconds) const;
  void forgetFull(double nowSeconds);

  Rate rate_;
  size_t capacity_;
  std::unordered_map<std::string, Bucket> buckets_;
  Bucket shared_{0, 0};
  double sweptAt_ = 0;
};

/// What addresses are told apart by: the whole of an IPv4 address, the first 64 bits of an IPv6
/// one, of which one household has as many as it likes.
std::string addressGroup(std::string_view address);

}  // namespace attune::trainer
