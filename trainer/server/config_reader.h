#pragma once

#include <cmath>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

namespace attune::trainer {

/// Reads one object of `attune serve`'s configuration and says where a fault is: every method
/// throws UserError with the object's place and the key.
class ConfigReader {
 public:
  /// Throws when `value` is no object or has a key that is not among `keys`.
  ConfigReader(const nlohmann::json& value, std::string at, std::span<const char* const> keys);

  /// Null when the key is not there.
  const nlohmann::json* find(const char* key) const;
  /// The place of a key, for messages.
  std::string at(const char* key) const { return at_ + ": " + key; }
  /// A text that is not empty.
  std::string text(const char* key) const;
  double number(const char* key, double least, double most) const;
  /// The number, or `usual` where the key is not there.
  double number(const char* key, double least, double most, double usual) const;
  /// The same for whole numbers.
  int64_t integer(const char* key, int64_t least, int64_t most, int64_t usual) const;
  /// An array; an empty one where the key is not there.
  const nlohmann::json& list(const char* key) const;
  std::vector<std::string> texts(const char* key) const;

 private:
  const nlohmann::json& value_;
  std::string at_;
};

}  // namespace attune::trainer
