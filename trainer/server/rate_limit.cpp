#include "trainer/server/rate_limit.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace attune::trainer {
namespace {

constexpr double kSweepSeconds = 1;

}  // namespace

int64_t RateLimit::take(std::string_view name, double nowSeconds) {
  const int64_t wait = waitFor(name, nowSeconds);
  if (wait == 0) spend(name, 1, nowSeconds);
  return wait;
}

void RateLimit::spend(std::string_view name, double count, double nowSeconds) {
  if (isLimiting()) bucketOf(name, nowSeconds).tokens -= count;
}

int64_t RateLimit::waitFor(std::string_view name, double nowSeconds) {
  if (!isLimiting()) return 0;
  Bucket& bucket = bucketOf(name, nowSeconds);
  bucket.tokens = tokensAt(bucket, nowSeconds);
  bucket.at = std::max(bucket.at, nowSeconds);
  if (bucket.tokens >= 1) return 0;
  return std::max<int64_t>(1, std::llround(std::ceil((1 - bucket.tokens) / rate_.perSecond)));
}

RateLimit::Bucket& RateLimit::bucketOf(std::string_view name, double nowSeconds) {
  const std::string key(name);
  if (const auto found = buckets_.find(key); found != buckets_.end()) return found->second;
  if (buckets_.size() >= capacity_ && nowSeconds - sweptAt_ >= kSweepSeconds)
    forgetFull(nowSeconds);
  if (buckets_.size() >= capacity_) {
    if (whenFull_ == WhenFull::admit) shared_ = {rate_.burst, nowSeconds};
    return shared_;
  }
  return buckets_.emplace(key, Bucket{rate_.burst, nowSeconds}).first->second;
}

double RateLimit::tokensAt(const Bucket& bucket, double nowSeconds) const {
  const double passed = std::max(0.0, nowSeconds - bucket.at);
  return std::min(rate_.burst, bucket.tokens + passed * rate_.perSecond);
}

void RateLimit::forgetFull(double nowSeconds) {
  sweptAt_ = nowSeconds;
  std::erase_if(buckets_, [&](const auto& entry) {
    return tokensAt(entry.second, nowSeconds) >= rate_.burst;
  });
}

std::string addressGroup(std::string_view address) {
  std::array<unsigned char, 16> bytes{};
  if (::inet_pton(AF_INET6, std::string(address).c_str(), bytes.data()) != 1)
    return std::string(address);
  return {reinterpret_cast<const char*>(bytes.data()), 8};
}

}  // namespace attune::trainer
