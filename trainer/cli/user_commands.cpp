#include "trainer/cli/user_commands.h"

#include <cmath>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "trainer/base/errors.h"
#include "trainer/base/files.h"
#include "trainer/data/csv.h"
#include "trainer/data/user_data.h"

namespace attune::trainer {
namespace {

using Json = nlohmann::ordered_json;

/// The options as they are typed.
struct UserArguments {
  std::string store = "./attune.db";
  std::vector<std::string> userIds;
  std::string input;
  std::string output;
  int waitSeconds = 60;
  bool json = false;
};

/// Ids of a file, one a line; it may be Personalize's CSV with the single column USER_ID.
void readIds(const std::string& path, std::vector<std::string>& ids) {
  CsvReader reader(openByteSource(path));
  reader.expectFields(1);
  CsvRecord record;
  while (reader.next(record)) {
    const std::string place = path + ":" + std::to_string(record.row) + ": ";
    if (record.defect != CsvDefect::none)
      throw UserError(place + csvDefectText(record.defect, record.fields.size(), 1) +
                      "; expected one id of a user a line, quoted where it has a comma");
    const std::string_view id = record.fields[0];
    if (id.empty()) throw UserError(place + "the id is empty");
    if (record.row == 1 && id == "USER_ID") continue;
    ids.emplace_back(id);
  }
}

std::vector<std::string> idsOf(const UserArguments& arguments) {
  std::vector<std::string> ids = arguments.userIds;
  if (!arguments.input.empty()) readIds(arguments.input, ids);
  for (const std::string& id : ids)
    if (id.empty()) throw UserError("--user-id is empty: give the id of a user");
  if (ids.empty()) throw UserError("whom? Give --user-id, or --input with a file of ids");
  return ids;
}

void print(const DeletedData& deleted, size_t asked, const std::string& keptElsewhere,
           bool asJson) {
  if (asJson) {
    Json document{{"asked", asked},
                  {"users", deleted.users},
                  {"records", deleted.records},
                  {"interactions", deleted.interactions},
                  {"events", deleted.events},
                  {"identities", deleted.identities}};
    if (!keptElsewhere.empty()) document["keptElsewhere"] = keptElsewhere;
    std::cout << document.dump() << '\n';
    return;
  }
  std::cout << "deleted " << deleted.users << " of " << asked << " users: " << deleted.records
            << " records, " << deleted.interactions << " imported interactions, " << deleted.events
            << " events, " << deleted.identities
            << " identities; nothing of them is left in the store's "
            << (keptElsewhere.empty() ? "files\n" : "tables and their files\n");
  if (!keptElsewhere.empty()) std::cout << "Not reached: " << keptElsewhere << '\n';
  if (deleted.users > 0)
    std::cout << "Bundles that were trained before still count them: train anew, and publish with "
                 "--store\n";
}

void deleteUsers(const UserArguments& arguments) {
  const std::vector<std::string> ids = idsOf(arguments);
  const auto data = openUserData(arguments.store);
  const DeletedData deleted = data->remove(ids);
  if (!data->eraseTraces(arguments.waitSeconds))
    throw UserError("the users are deleted, but another process uses store " +
                    storeName(arguments.store) +
                    ", so bytes of them may still be in its files: repeat this when that is done, "
                    "or give a longer --wait");
  print(deleted, ids.size(), data->keptElsewhere(), arguments.json);
}

// What is exported, one JSON object a line.

Json valueOf(const SchemaField& field, const FieldValue& value) {
  switch (value.kind) {
    case FieldValue::Kind::null:
      return nullptr;
    case FieldValue::Kind::integer:
      if (field.type == FieldType::boolean) return value.integer != 0;
      return value.integer;
    case FieldValue::Kind::real:
      return value.real;
    case FieldValue::Kind::text:
      return std::string(value.text);
  }
  return nullptr;
}

Json lineOf(const char* type, const AvroSchema& schema, std::span<const FieldValue> row) {
  Json record;
  for (size_t i = 0; i < row.size(); ++i)
    record[schema.fields[i].name] = valueOf(schema.fields[i], row[i]);
  return {{"type", type}, {"record", std::move(record)}};
}

Json lineOf(const Event& event) {
  Json line{{"type", "event"}, {"tracker", event.tracker}};
  const auto add = [&line](const char* name, const std::string& text) {
    if (!text.empty()) line[name] = text;
  };
  const auto addJson = [&line](const char* name, const std::string& text) {
    if (text.empty()) return;
    Json value = Json::parse(text, nullptr, false);
    line[name] = value.is_discarded() ? Json(text) : std::move(value);
  };
  add("sessionId", event.sessionId);
  add("userId", event.userId);
  add("anonymousId", event.anonymousId);
  add("eventType", event.eventType);
  line["sentAt"] = static_cast<double>(event.timeMs) / 1000;
  line["receivedAt"] = static_cast<double>(event.receivedMs) / 1000;
  add("itemId", event.itemId);
  if (event.eventValue) line["eventValue"] = *event.eventValue;
  addJson("properties", event.properties);
  addJson("impression", event.impression);
  add("recommendationId", event.recommendationId);
  add("eventAttributionSource", event.attributionSource);
  add("source", event.source);
  line["verified"] = event.verified;
  return line;
}

/// Hands out lines, to a file that is there when it is whole or to stdout.
class Lines {
 public:
  explicit Lines(const std::string& path) {
    if (!path.empty()) file_ = std::make_unique<AtomicFile>(path);
  }
  void add(const Json& line) {
    const std::string text = line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
    if (file_)
      file_->write(text);
    else
      std::cout << text;
    ++count_;
  }
  void finish() {
    if (file_) file_->commit();
  }
  uint64_t count() const { return count_; }

 private:
  std::unique_ptr<AtomicFile> file_;
  uint64_t count_ = 0;
};

void exportUser(const UserArguments& arguments) {
  const std::string& id = arguments.userIds.at(0);
  if (id.empty()) throw UserError("--user-id is empty: give the id of a user");
  Lines lines(arguments.output);
  UserVisitor visitor;
  visitor.record = [&](const AvroSchema& schema, std::span<const FieldValue> row) {
    lines.add(lineOf("user", schema, row));
  };
  visitor.interaction = [&](const AvroSchema& schema, std::span<const FieldValue> row) {
    lines.add(lineOf("interaction", schema, row));
  };
  visitor.event = [&](const Event& event) { lines.add(lineOf(event)); };
  visitor.session = [&](std::string_view alias) {
    lines.add({{"type", "identity"}, {"sessionId", alias}});
  };
  visitor.anonymous = [&](std::string_view alias) {
    lines.add({{"type", "identity"}, {"anonymousId", alias}});
  };
  openUserData(arguments.store)->visit(id, visitor);
  lines.finish();
  if (!arguments.output.empty())
    std::cout << "wrote " << arguments.output << ": " << lines.count()
              << " lines, all that the store has of this user\n";
}

void addDelete(CLI::App& app, std::function<void()>& run) {
  auto arguments = std::make_shared<UserArguments>();
  CLI::App* command =
      app.add_subcommand("delete-user", "Delete all that a store has of users, without a trace");
  command->add_option("--store", arguments->store, std::string("The store: ") + kStoreForms)->capture_default_str();
  command->add_option("--user-id", arguments->userIds, "Whom to delete; may be given several times")
      ->allow_extra_args(false);
  command->add_option("--input", arguments->input,
                      "A file of ids, one a line; a first line USER_ID is a header");
  command
      ->add_option("--wait", arguments->waitSeconds,
                   "How many seconds to wait for others that read or write the store")
      ->check(CLI::Range(0, 86400))
      ->capture_default_str();
  command->add_flag("--json", arguments->json, "Print one JSON document");
  command->footer(
      "Gone are the record in Users, imported interactions, events, also those of sessions and\n"
      "anonymous ids that were seen with this user alone, and these links themselves. The store's\n"
      "files are then written anew (for that time attune serve answers 503, and trackers send\n"
      "again), so many users of one --input cost no more than one.\n"
      "attune serve and trainings may go on. What arrives of the user later, or is imported again,\n"
      "is new data. A bundle made from what was read before still counts the user; it holds no ids\n"
      "of users. attune publish --store refuses it: train anew.\n"
      "Not in the store, so yours to delete: CSV files, exports, and the rows that attune import\n"
      "--quarantine put aside. PostgreSQL's tables are written anew, too, but what was deleted stays\n"
      "in the server's write-ahead log until it is written over, in standbys, archives and backups.");
  command->callback([arguments, &run] { run = [arguments] { deleteUsers(*arguments); }; });
}

void addExport(CLI::App& app, std::function<void()>& run) {
  auto arguments = std::make_shared<UserArguments>();
  CLI::App* command = app.add_subcommand("export", "All that a store has of a user, as JSON lines");
  command->add_option("--store", arguments->store, std::string("The store: ") + kStoreForms)->capture_default_str();
  command->add_option("--user-id", arguments->userIds, "Whose")->required()->expected(1);
  command->add_option("--output", arguments->output, "The file to write; stdout unless given");
  command->footer(
      "One JSON object a line, its `type` says what it is:\n"
      "  user         `record`: the row of Users, by the schema's field names\n"
      "  interaction  `record`: an imported row of Interactions\n"
      "  event        an event as attune serve took it: tracker, sessionId, userId, anonymousId,\n"
      "               eventType, sentAt and receivedAt (seconds since 1970), itemId, eventValue,\n"
      "               properties, impression, recommendationId, eventAttributionSource,\n"
      "               source (a name of the network for that week), verified\n"
      "  identity     a sessionId or an anonymousId that is known to be this user's");
  command->callback([arguments, &run] { run = [arguments] { exportUser(*arguments); }; });
}

}  // namespace

void addUserCommands(CLI::App& app, std::function<void()>& run) {
  addDelete(app, run);
  addExport(app, run);
}

}  // namespace attune::trainer
