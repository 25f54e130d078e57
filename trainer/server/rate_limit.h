#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace attune::trainer {

/// How much one caller may ask: `perSecond` requests (or events) in the long run, `burst` at once. 0
/// a second: without limit.
struct Rate {
  double perSecond = 0;
  double burst = 0;
};

/// A token bucket for each name (an address, a tracker), at most `capacity` of them. A bucket that
/// is full again is the same as none, so it is forgotten first; when more callers than that are
/// busy at once, new ones share one bucket, or are let through. Times are given, so that it is a
/// pure structure. For one thread.
class RateLimit {
 public:
  /// What becomes of new callers when there is no bucket for them. Names that cost nothing to make
  /// up must not shut out others.
  enum class WhenFull { share, admit };

  RateLimit(Rate rate, size_t capacity, WhenFull whenFull = WhenFull::share)
      : rate_(rate), capacity_(capacity), whenFull_(whenFull) {}

  /// 0 when the request is within the limit (and counts); otherwise in how many whole seconds, at
  /// least 1, one will be.
  int64_t take(std::string_view name, double nowSeconds);
  /// The same for what counts only when spend() is called.
  int64_t waitFor(std::string_view name, double nowSeconds);
  /// Counts several at once. They may be more than are left, and are then waited for afterwards, so
  /// that what comes in one piece is never too much for ever.
  void spend(std::string_view name, double count, double nowSeconds);
  bool isLimiting() const { return rate_.perSecond > 0; }
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
  WhenFull whenFull_;
  std::unordered_map<std::string, Bucket> buckets_;
  Bucket shared_{0, 0};
  double sweptAt_ = 0;
};

/// What addresses are told apart by: the whole of an IPv4 address, the first 64 bits of an IPv6
/// one, of which one household has as many as it likes.
std::string addressGroup(std::string_view address);

}  // namespace attune::trainer
