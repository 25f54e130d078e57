#include "trainer/cli/tracker_command.h"

#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "trainer/base/errors.h"
#include "trainer/data/event_log.h"
#include "trainer/data/store.h"
#include "trainer/server/origin.h"
#include "trainer/server/user_token.h"
#include "trainer/server/write_key.h"

namespace attune::trainer {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMaxNameChars = 63;

/// The options as they are typed.
struct TrackerArguments {
  std::string store = "./attune.db";
  std::string create;
  std::vector<std::string> origins;
  std::string remove;
  std::string verifySecret;
  bool trusted = false;
  bool json = false;
};

/// Personalize's rule for names.
void checkName(const std::string& name) {
  constexpr const char* kLetters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
  const bool isGood = name.size() <= kMaxNameChars && name[0] != '-' && name[0] != '_' &&
                      name.find_first_not_of(kLetters) == std::string::npos;
  if (!isGood)
    throw UserError("\"" + name +
                    "\" cannot be a tracker's name: letters, digits, - and _, at most 63, the "
                    "first a letter or digit");
}

Json describe(const EventTracker& tracker) {
  return {{"name", tracker.name},
          {"key", fingerprint(tracker)},
          {"origins", tracker.origins},
          {"verifies", !tracker.verifySecret.empty()},
          {"trusted", tracker.trusted}};
}

void print(const TrackerArguments& arguments, const Json& trackers) {
  if (arguments.json) {
    std::cout << trackers.dump() << '\n';
    return;
  }
  for (const Json& tracker : trackers["eventTrackers"]) {
    std::cout << tracker["key"].get<std::string>() << "  " << tracker["name"].get<std::string>();
    for (const Json& origin : tracker["origins"]) std::cout << ' ' << origin.get<std::string>();
    if (tracker["verifies"].get<bool>()) std::cout << " (checks user tokens)";
    if (tracker["trusted"].get<bool>()) std::cout << " (trusted)";
    std::cout << '\n';
  }
}

/// Does `work` in one transaction.
void change(EventLog& log, const std::function<void()>& work) {
  log.begin();
  try {
    work();
    log.commit();
  } catch (...) {
    log.rollback();
    throw;
  }
}

void create(const TrackerArguments& arguments, EventLog& log) {
  checkName(arguments.create);
  for (const std::string& origin : arguments.origins) checkOrigin(origin);
  const std::string key = newWriteKey();
  const EventTracker tracker{arguments.create, hashOfKey(key), arguments.origins, "",
                             arguments.trusted};
  change(log, [&] { log.addTracker(tracker); });
  Json created = describe(tracker);
  created["trackingId"] = key;
  if (arguments.json) {
    std::cout << created.dump() << '\n';
    return;
  }
  std::cout << "trackingId " << key << "\n  of tracker " << tracker.name
            << "; it is shown this once, for the store keeps only its hash\n";
  if (tracker.origins.empty() && !tracker.trusted)
    std::cout << "  No page may use it: give --origin for each site that shall\n";
}

/// The trackers whose key the list shows so; there is at least one.
std::vector<EventTracker> named(const std::string& key, const TrackerArguments& arguments,
                                EventLog& log) {
  std::vector<EventTracker> found;
  for (const EventTracker& tracker : log.trackers())
    if (fingerprint(tracker) == key) found.push_back(tracker);
  if (found.empty())
    throw UserError("store " + storeName(arguments.store) + " has no key " + key +
                    ": see attune tracker --store " + storeName(arguments.store));
  return found;
}

void remove(const TrackerArguments& arguments, EventLog& log) {
  const std::vector<EventTracker> found = named(arguments.remove, arguments, log);
  change(log, [&] {
    for (const EventTracker& tracker : found) log.removeTracker(tracker.keySha256);
  });
}

/// Gives a key a new secret to check user tokens with; tokens signed with an older one are wrong
/// from then on.
void makeVerifySecret(const TrackerArguments& arguments, EventLog& log) {
  const std::string secret = newVerifySecret();
  std::vector<EventTracker> found = named(arguments.verifySecret, arguments, log);
  change(log, [&] {
    for (EventTracker& tracker : found) {
      log.removeTracker(tracker.keySha256);
      tracker.verifySecret = secret;
      log.addTracker(tracker);
    }
  });
  if (arguments.json) {
    Json changed = describe(found.front());
    changed["verifySecret"] = secret;
    std::cout << changed.dump() << '\n';
    return;
  }
  std::cout << "verifySecret " << secret << "\n  of tracker " << found.front().name
            << "; for the shop's server alone, which signs user tokens with it\n";
}

void runTracker(const TrackerArguments& arguments) {
  if (!arguments.origins.empty() && arguments.create.empty())
    throw UserError("--origin goes with --create");
  if (arguments.trusted && (arguments.create.empty() || !arguments.origins.empty()))
    throw UserError("--trusted goes with --create and without --origin: what a page has, all have");
  if (arguments.create.empty()) openStore(arguments.store, StoreAccess::read);  // which makes none
  const auto log = openEventLog(arguments.store);
  if (!arguments.create.empty()) return create(arguments, *log);
  if (!arguments.verifySecret.empty()) return makeVerifySecret(arguments, *log);
  if (!arguments.remove.empty()) remove(arguments, *log);
  Json all{{"eventTrackers", Json::array()}};
  for (const EventTracker& tracker : log->trackers())
    all["eventTrackers"].push_back(describe(tracker));
  print(arguments, all);
}

}  // namespace

void addTrackerCommand(CLI::App& app, std::function<void()>& run) {
  auto arguments = std::make_shared<TrackerArguments>();
  CLI::App* command = app.add_subcommand(
      "tracker", "Event trackers: who may send events to attune serve. Lists them by default");
  command->add_option("--store", arguments->store, std::string("The store: ") + kStoreForms)
      ->capture_default_str();
  CLI::Option* create = command->add_option(
      "--create", arguments->create,
      "Make a key for a tracker of this name; of one name there may be several, old and new");
  command->add_option("--origin", arguments->origins,
                      "With --create: a site whose pages may use it, https://shop.example; repeat");
  command->add_option("--remove", arguments->remove, "Make a key useless, by what the list shows")
      ->excludes(create);
  command->add_flag("--trusted", arguments->trusted,
                    "With --create: only the shop's own servers get the key, so all users of its "
                    "events are verified");
  command
      ->add_option("--verify-secret", arguments->verifySecret,
                   "Make a new secret to check user tokens with, for a key by what the list shows")
      ->excludes(create);
  command->footer(
      "A user token proves to attune serve that an event is of a user who is signed in. The shop's\n"
      "server makes it for the page: the expiry in seconds since 1970, a dot, and in hexadecimal\n"
      "digits the HMAC-SHA256 of \"<userId>\\n<expiry>\" with the verify secret as key. It is sent\n"
      "as userToken beside userId. Training then does not limit what the user's network says.");
  command->add_flag("--json", arguments->json, "Print one JSON document");
  command->callback([arguments, &run] { run = [arguments] { runTracker(*arguments); }; });
}

}  // namespace attune::trainer
