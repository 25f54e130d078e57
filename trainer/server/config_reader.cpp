#include "trainer/server/config_reader.h"

#include <algorithm>

#include "trainer/base/errors.h"
#include "trainer/base/suggest.h"

namespace attune::trainer {

using Json = nlohmann::json;

ConfigReader::ConfigReader(const Json& value, std::string at, std::span<const char* const> keys)
    : value_(value), at_(std::move(at)) {
  if (!value.is_object()) throw UserError(at_ + " must be an object");
  const std::vector<std::string> known(keys.begin(), keys.end());
  for (const auto& [key, unused] : value.items())
    if (std::find(known.begin(), known.end(), key) == known.end())
      throw UserError(at_ + ": unknown key \"" + key + '"' + didYouMean(key, known));
}

const Json* ConfigReader::find(const char* key) const {
  const auto found = value_.find(key);
  return found == value_.end() ? nullptr : &*found;
}

std::string ConfigReader::text(const char* key) const {
  const Json* found = find(key);
  if (found == nullptr || !found->is_string() || found->get_ref<const std::string&>().empty())
    throw UserError(at(key) + " must be a text");
  return found->get<std::string>();
}

double ConfigReader::number(const char* key, double least, double most) const {
  const Json* found = find(key);
  const double number = found != nullptr && found->is_number() ? found->get<double>() : NAN;
  if (!(number >= least && number <= most))
    throw UserError(at(key) + " must be a number from " + Json(least).dump() + " to " +
                    Json(most).dump());
  return number;
}

double ConfigReader::number(const char* key, double least, double most, double usual) const {
  return find(key) == nullptr ? usual : number(key, least, most);
}

int64_t ConfigReader::integer(const char* key, int64_t least, int64_t most, int64_t usual) const {
  const Json* found = find(key);
  if (found == nullptr) return usual;
  if (!found->is_number_integer() || found->get<double>() < static_cast<double>(least) ||
      found->get<double>() > static_cast<double>(most))
    throw UserError(at(key) + " must be a whole number from " + std::to_string(least) + " to " +
                    std::to_string(most));
  return found->get<int64_t>();
}

const Json& ConfigReader::list(const char* key) const {
  static const Json none = Json::array();
  const Json* found = find(key);
  if (found == nullptr) return none;
  if (!found->is_array()) throw UserError(at(key) + " must be an array");
  return *found;
}

std::vector<std::string> ConfigReader::texts(const char* key) const {
  std::vector<std::string> texts;
  for (const Json& one : list(key)) {
    if (!one.is_string()) throw UserError(at(key) + " must be an array of texts");
    texts.push_back(one.get<std::string>());
  }
  return texts;
}

}  // namespace attune::trainer
