#include "trainer/cli/publish_command.h"

#include <charconv>
#include <ctime>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "trainer/base/errors.h"
#include "trainer/eval/served_bundle.h"
#include "trainer/export/deletion_check.h"
#include "trainer/export/publication.h"

namespace attune::trainer {
namespace {

constexpr uint64_t kBytesOfMiB = 1 << 20;
constexpr int64_t kMostDays = 3650;

struct PublishCommand {
  PublishOptions options;
  std::string bundle;
  std::vector<std::string> keys;
  std::string expires = "30d";
  uint64_t maxPartMiB = 0;
  uint64_t metadataKiB = 256;
  std::string store;
  bool isUnchecked = false;
  std::optional<uint64_t> toVersion;
  bool json = false;
};

/// Seconds of `30d`, `12h` or `45m`.
int64_t secondsOf(const std::string& text) {
  int64_t count = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, count);
  const std::string unit(stop, end);
  const int64_t seconds = unit == "d" ? 86400 : unit == "h" ? 3600 : unit == "m" ? 60 : 0;
  if (error != std::errc() || seconds == 0 || count < 1 || count > kMostDays * 86400 / seconds)
    throw UserError("--expires wants a time of at most 10 years, such as 30d, 12h or 45m, not \"" +
                    text + "\"");
  return count * seconds;
}

std::string dateText(int64_t seconds) {
  const auto time = static_cast<std::time_t>(seconds);
  char text[32] = {};
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", std::gmtime(&time));
  return text;
}

void report(const PublishCommand& command, const Manifest& manifest) {
  const std::string path = command.options.folder + "/manifest.json";
  if (command.store.empty() && !command.isUnchecked)
    std::cerr << path
              << ": not checked whether its bundle knows of users who were deleted since: --store "
                 "does\n";
  if (command.json) {
    nlohmann::ordered_json document = {
        {"manifest", path},
        {"dataset", manifest.dataset},
        {"version", manifest.version},
        {"expiresAt", manifest.expiresAt},
        {"bytes", manifest.bundle.bytes},
        {"sha256", toHex(manifest.bundle.sha256)},
        {"files", manifest.parts.size()},
        {"deltas", nlohmann::ordered_json::array()}};
    for (const PublishedDelta& delta : manifest.deltas)
      document["deltas"].push_back(
          {{"from", toHex(delta.from)}, {"bytes", delta.file.bytes}});
    std::cout << document.dump() << '\n';
    return;
  }
  std::cout << path << ": version " << manifest.version << " of " << manifest.dataset << ", "
            << manifest.bundle.bytes << " bytes";
  if (!manifest.deltas.empty())
    std::cout << " (" << manifest.deltas[0].file.bytes << " as a delta)";
  std::cout << ", expires " << dateText(manifest.expiresAt) << '\n';
}

std::vector<SigningKey> readKeys(const std::vector<std::string>& paths) {
  std::vector<SigningKey> keys;
  for (const std::string& path : paths) keys.push_back(SigningKey::read(path));
  return keys;
}

void requireAfterDeletions(std::span<const uint8_t> bundle, const std::string& store,
                           const std::string& name) {
  const std::string fault = deletionFault(bundle, *openStore(store, StoreAccess::read), name);
  if (!fault.empty()) throw UserError(fault);
}

/// Without the store nobody knows who was deleted since. Where deletions happened before, that is
/// not risked; where none are known, report() says so.
void requireNoDeletions(std::span<const uint8_t> bundle, const PublishOptions::ReadInUse& inUse,
                        const std::string& name) {
  if (knowsDeletions(bundle) || knowsDeletions(inUse()))
    throw UserError(name +
                    ": users were deleted before from the store of this bundle, or of the one in "
                    "use: give --store, which checks that it knows none of them, or "
                    "--unchecked-deletions");
}

PublishOptions prepared(const PublishCommand& command) {
  PublishOptions options = command.options;
  options.now = static_cast<int64_t>(std::time(nullptr));
  options.lifetimeSeconds = secondsOf(command.expires);
  options.metadataApartBytes = command.metadataKiB * 1024;
  if (command.maxPartMiB != 0) options.maxPartBytes = command.maxPartMiB * kBytesOfMiB;
  if (!command.isUnchecked)
    options.check = [&command](std::span<const uint8_t> bundle,
                               const PublishOptions::ReadInUse& inUse) {
      const std::string name = command.bundle.empty() ? "that version's bundle" : command.bundle;
      command.store.empty() ? requireNoDeletions(bundle, inUse, name)
                            : requireAfterDeletions(bundle, command.store, name);
    };
  return options;
}

void addCommon(CLI::App* app, PublishCommand& command) {
  app->add_option("--to", command.options.folder, "The folder that is served")->required();
  app->add_option("--key", command.keys, "File of a private key; several sign with each")
      ->required()
      ->allow_extra_args(false);
  app->add_option("--expires", command.expires,
                  "How long devices may load it for the first time, such as 30d, 12h or 45m")
      ->capture_default_str();
  app->add_option("--keep", command.options.keep, "Earlier versions to keep for rollback")
      ->capture_default_str();
  app->add_option("--deltas", command.options.deltas,
                  "Earlier bundles to make deltas from, for devices that have them")
      ->check(CLI::Range(0, 16))
      ->capture_default_str();
  CLI::Option* store =
      app->add_option("--store", command.store,
                      "The store it was trained from: refuse what was learned before attune "
                      "delete-user");
  app->add_flag("--unchecked-deletions", command.isUnchecked,
                "Publish without looking whether it knows of users who were deleted since")
      ->excludes(store);
  app->add_flag("--json", command.json, "Print one JSON document instead of a sentence");
}

}  // namespace

void addPublishCommands(CLI::App& app, std::function<void()>& run) {
  auto publishing = std::make_shared<PublishCommand>();
  CLI::App* publish = app.add_subcommand(
      "publish", "Put a bundle and its signed manifest into a folder that devices load from");
  publish->add_option("--bundle", publishing->bundle, "The bundle")->required();
  addCommon(publish, *publishing);
  publish->add_option("--dataset", publishing->options.dataset,
                      "What it recommends from; never changes; the folder's name unless given");
  publish->add_option("--version", publishing->options.version,
                      "Its number; one more than the highest so far unless given");
  publish
      ->add_option("--max-part", publishing->maxPartMiB,
                   "Split the bundle into files of at most so many MiB (some hosts allow 25)")
      ->check(CLI::Range(1, 2047));
  publish
      ->add_option("--metadata-apart", publishing->metadataKiB,
                   "Put items' metadata of at least so many KiB into files of their own, which "
                   "devices may load after they recommend")
      ->check(CLI::Range(1, 2 << 20))
      ->capture_default_str();
  publish->callback([&run, publishing] {
    run = [publishing] {
      const std::vector<SigningKey> keys = readKeys(publishing->keys);
      const ServedBundle bundle = ServedBundle::read(publishing->bundle);
      report(*publishing, attune::trainer::publish(prepared(*publishing), bundle.bytes(), keys));
    };
  });

  auto returning = std::make_shared<PublishCommand>();
  CLI::App* rollback = app.add_subcommand(
      "rollback", "Publish the bundle of an earlier version again, under a new version");
  addCommon(rollback, *returning);
  rollback->add_option("--to-version", returning->toVersion,
                       "Which one; the bundle before the one in use unless given");
  rollback->callback([&run, returning] {
    run = [returning] {
      report(*returning,
             rollBack(prepared(*returning), returning->toVersion, readKeys(returning->keys)));
    };
  });
}

}  // namespace attune::trainer
