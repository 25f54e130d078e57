#include "trainer/eval/off_policy_log.h"

#include <algorithm>
#include <cmath>

#include "runtime/base/number.h"
#include "trainer/base/errors.h"
#include "trainer/base/suggest.h"
#include "trainer/data/csv.h"
#include "trainer/eval/json_lines.h"

namespace attune::trainer {
namespace {

using nlohmann::json;

bool isCsv(const std::string& file) {
  for (const std::string ending : {".csv", ".csv.gz", ".csv.xz"})
    if (file.size() >= ending.size() && file.ends_with(ending)) return true;
  return false;
}

/// `where` names the value in an error message, place included.
void checkPropensity(double propensity, const std::string& where) {
  if (propensity > 0 && propensity <= 1) return;
  throw UserError(where +
                  " must be above 0 and at most 1: the probability with which the item was shown "
                  "there. What was not drawn at random cannot be judged by it");
}

// ---- JSON lines

/// Reads the numbers of one shown item.
class ShownItem {
 public:
  ShownItem(const json& fields, std::string where) : fields_(fields), where_(std::move(where)) {
    if (!fields.is_object())
      throw UserError(where_ +
                      R"( must be an object like {"itemId":"42","propensity":0.1,"reward":0})");
  }

  std::string itemId() const {
    const json& id = required("itemId", "");
    if (!id.is_string() || id.get_ref<const std::string&>().empty())
      throw UserError(where_ + ".itemId must be a string that is not empty");
    return id.get<std::string>();
  }

  double number(const char* name, const char* remedy) const {
    const json& value = required(name, remedy);
    if (!value.is_number() || !std::isfinite(value.get<double>()))
      throw UserError(where_ + "." + name + " must be a number, not " + excerpt(value));
    return value.get<double>();
  }

  bool has(const char* name) const { return fields_.contains(name); }
  std::string field(const char* name) const { return where_ + "." + name; }

 private:
  static std::string excerpt(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace).substr(0, 40);
  }

  const json& required(const char* name, const char* remedy) const {
    const auto found = fields_.find(name);
    if (found != fields_.end()) return *found;
    std::vector<std::string> names;
    for (const auto& [known, value] : fields_.items()) names.push_back(known);
    throw UserError(where_ + " has no " + name + remedy + didYouMean(name, names));
  }

  const json& fields_;
  std::string where_;
};

class JsonLog {
 public:
  JsonLog(const std::string& file, const LogOptions& options, ItemNames& items)
      : options_(options), items_(items) {
    log_.file = file;
  }

  OffPolicyLog read() && {
    forEachJsonLine(log_.file, [&](const json& list, uint64_t line) {
      addList(list, line);
      return true;
    });
    return std::move(log_);
  }

 private:
  void addList(const json& list, uint64_t line) {
    const std::string place = placeOf(log_.file, line);
    if (!list.contains("itemList") || !list["itemList"].is_array())
      throw UserError(place + R"(no itemList; a line is a shown list: {"recommendationId":"r1",)"
                              R"("itemList":[{"itemId":"42","propensity":0.1,"reward":0}]})");
    refuseRepeated(list, line, place);
    const json& shown = list["itemList"];
    if (shown.empty()) return;
    const uint32_t round = roundOf(list, place);
    for (size_t i = 0; i < shown.size(); ++i) {
      log_.actions.push_back(
          actionOf({shown[i], place + "itemList[" + std::to_string(i) + "]"}, place));
      log_.actions.back().round = round;
      log_.actions.back().position = static_cast<uint32_t>(i + 1);
      log_.lines.push_back(line);
    }
  }

  /// A list that was logged twice would count twice.
  void refuseRepeated(const json& list, uint64_t line, const std::string& place) {
    const auto id = list.find("recommendationId");
    if (id == list.end() || id->is_null()) return;
    if (!id->is_string()) throw UserError(place + "recommendationId must be a string");
    const auto [known, isNew] = lists_.try_emplace(id->get<std::string>(), line);
    if (!isNew)
      throw UserError(place + "recommendationId \"" + known->first + "\" is also in line " +
                      std::to_string(known->second) + ": a list may be there once");
  }

  uint32_t roundOf(const json& list, const std::string& place) {
    if (!options_.roundsAreUsers) return log_.rounds++;
    const auto id = list.find("userId");
    if (id == list.end() || !id->is_string())
      throw UserError(place + "no userId, a string, which --cluster user needs");
    const auto [user, isNew] = users_.try_emplace(id->get<std::string>(), log_.rounds);
    if (isNew) ++log_.rounds;
    return user->second;
  }

  LoggedAction actionOf(const ShownItem& shown, const std::string& place) {
    LoggedAction action;
    action.item = items_.numberOf(shown.itemId());
    action.propensity =
        shown.number("propensity", ": the probability with which the item was shown there");
    checkPropensity(action.propensity, shown.field("propensity"));
    action.reward = shown.number("reward", ": write 0 where nothing was earned");
    if (options_.readEvaluation) readEvaluation(shown, place, action);
    return action;
  }

  void readEvaluation(const ShownItem& shown, const std::string& place, LoggedAction& action) {
    double& probability = action.evaluationPropensity;
    probability =
        shown.number("evaluationPropensity",
                     ": give it in every item, or name the policy to judge with --policy");
    if (!(probability >= 0 && probability <= 1))
      throw UserError(shown.field("evaluationPropensity") + " must be from 0 to 1");
    const bool predicted = shown.has("prediction") || shown.has("policyPrediction");
    if (log_.actions.empty()) log_.hasPredictions = predicted;
    if (predicted != log_.hasPredictions)
      throw UserError(place +
                      "prediction and policyPrediction must be in all items of the log or in "
                      "none");
    if (!predicted) return;
    action.prediction = shown.number("prediction", ", but policyPrediction");
    action.policyPrediction = shown.number("policyPrediction", ", but prediction");
  }

  const LogOptions& options_;
  ItemNames& items_;
  OffPolicyLog log_;
  std::unordered_map<std::string, uint64_t> lists_;  // recommendationId to line
  std::unordered_map<std::string, uint32_t> users_;  // userId to round
};

// ---- the Open Bandit Dataset's CSV

constexpr const char* kColumns[] = {"item_id", "position", "click", "propensity_score"};
enum Column : size_t { kItem, kPosition, kClick, kPropensity };

class OpenBanditLog {
 public:
  OpenBanditLog(const std::string& file, ItemNames& items)
      : items_(items), reader_(openByteSource(file)) {
    log_.file = file;
  }

  OffPolicyLog read() && {
    readHeader();
    for (CsvRecord record; reader_.next(record);) {
      const std::string place = placeOf(log_.file, record.row);
      if (record.defect != CsvDefect::none)
        throw UserError(place + csvDefectText(record.defect, record.fields.size(), columns_));
      log_.actions.push_back(actionOf(record, place));
      log_.lines.push_back(record.row);
    }
    return std::move(log_);
  }

 private:
  void readHeader() {
    CsvRecord header;
    const bool any = reader_.next(header);
    const std::vector<std::string> names(header.fields.begin(), header.fields.end());
    for (size_t i = 0; i < std::size(kColumns); ++i) {
      const auto found = std::find(names.begin(), names.end(), kColumns[i]);
      if (!any || found == names.end())
        throw UserError(placeOf(log_.file, 1) + "no column " + kColumns[i] +
                        "; a CSV log is as in the Open Bandit Dataset: item_id, position, click, "
                        "propensity_score" +
                        didYouMean(kColumns[i], names));
      indexOf_[i] = static_cast<size_t>(found - names.begin());
    }
    columns_ = names.size();
    reader_.expectFields(columns_);
  }

  LoggedAction actionOf(const CsvRecord& record, const std::string& place) {
    LoggedAction action;
    action.round = log_.rounds++;
    const std::string_view item = record.fields[indexOf_[kItem]];
    if (item.empty()) throw UserError(place + "item_id is empty");
    action.item = items_.numberOf(std::string(item));
    const double position = numberIn(record, kPosition, place);
    if (!(position >= 1 && position <= 1e6 && position == std::floor(position)))
      throw UserError(place + "position must be a whole number from 1");
    action.position = static_cast<uint32_t>(position);
    action.reward = numberIn(record, kClick, place);
    action.propensity = numberIn(record, kPropensity, place);
    checkPropensity(action.propensity, place + kColumns[kPropensity]);
    return action;
  }

  double numberIn(const CsvRecord& record, Column column, const std::string& place) const {
    const std::string_view text = record.fields[indexOf_[column]];
    const auto number = parseNumber(text);
    if (number && std::isfinite(*number)) return *number;
    throw UserError(place + kColumns[column] + " must be a number, not \"" +
                    std::string(text.substr(0, 40)) + "\"");
  }

  ItemNames& items_;
  CsvReader reader_;
  OffPolicyLog log_;
  size_t indexOf_[std::size(kColumns)] = {};
  size_t columns_ = 0;
};

OffPolicyLog readCsv(const std::string& file, const LogOptions& options, ItemNames& items) {
  if (options.readEvaluation)
    throw UserError(file +
                    ": a CSV log says nothing about the policy to judge: name it with --policy");
  if (options.roundsAreUsers)
    throw UserError(file + ": a CSV log has no users; leave out --cluster");
  return OpenBanditLog(file, items).read();
}

}  // namespace

uint32_t ItemNames::numberOf(const std::string& name) {
  const auto [found, isNew] = numbers_.try_emplace(name, static_cast<uint32_t>(names_.size()));
  if (isNew) names_.push_back(name);
  return found->second;
}

OffPolicyLog readOffPolicyLog(const std::string& file, const LogOptions& options,
                              ItemNames& items) {
  OffPolicyLog log =
      isCsv(file) ? readCsv(file, options, items) : JsonLog(file, options, items).read();
  if (log.actions.empty()) throw UserError(file + ": no rounds: nothing was shown in this log");
  return log;
}

bool isOffPolicyLog(const std::string& file) {
  if (isCsv(file)) return true;
  bool isLog = false;
  forEachJsonLine(file, [&](const json& object, uint64_t) {
    isLog = object.contains("itemList");
    return false;
  });
  return isLog;
}

}  // namespace attune::trainer
