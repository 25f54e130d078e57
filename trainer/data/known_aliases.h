#pragma once

#include <cstdint>
#include <string>
#include <unordered_set>

namespace attune::trainer {

/// What an alias is, as the stores write it.
inline constexpr int64_t kSessionAlias = 0;
inline constexpr int64_t kAnonymousAlias = 1;

/// Sessions and anonymous ids whose user the store has already, so that most events write none.
/// What a transaction added must be forgotten when it is undone. For one thread.
class KnownAliases {
 public:
  /// True when it was not known.
  bool add(int64_t kind, const std::string& alias, const std::string& user) {
    if (known_.size() >= kMost) known_.clear();
    std::string entry = std::to_string(kind) + std::to_string(alias.size()) + ':' + alias + user;
    return known_.insert(std::move(entry)).second;
  }
  void clear() { known_.clear(); }

 private:
  static constexpr size_t kMost = 200'000;
  std::unordered_set<std::string> known_;
};

}  // namespace attune::trainer
