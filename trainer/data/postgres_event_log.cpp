#include "trainer/data/postgres_event_log.h"

#include <map>
#include <nlohmann/json.hpp>
#include <unordered_set>
#include <utility>

#include "trainer/base/errors.h"
#include "trainer/data/import_rules.h"
#include "trainer/data/known_aliases.h"
#include "trainer/data/postgres_layout.h"

namespace attune::trainer {
namespace {

/// Rows get their numbers in the order of `place`, as the events arrived, but are inserted in that
/// of their keys: two collectors that are sent the same events then lock them in the same order.
constexpr const char* kInsertEvents =
    "INSERT INTO attune.events(\"row\",key,received_ms,time_ms,tracker,session_id,user_id,"
    "anonymous_id,event_type,item_id,event_value,properties,impression,recommendation_id,"
    "attribution_source,source,verified) SELECT \"row\",key,received_ms,time_ms,tracker,session_id,user_id,"
    "anonymous_id,event_type,item_id,event_value,properties,impression,recommendation_id,"
    "attribution_source,source,verified FROM (SELECT nextval('attune.event_rows') AS \"row\",given.* FROM "
    "unnest($1::uuid[],$2::bigint[],$3::bigint[],$4::text[],$5::text[],$6::text[],$7::text[],"
    "$8::text[],$9::text[],$10::double precision[],$11::text[],$12::text[],$13::text[],"
    "$14::text[],$15::text[],$16::boolean[]) WITH ORDINALITY AS given(key,received_ms,time_ms,tracker,session_id,user_id,"
    "anonymous_id,event_type,item_id,event_value,properties,impression,recommendation_id,"
    "attribution_source,source,verified,place) ORDER BY place) numbered ORDER BY key "
    "ON CONFLICT(key) DO NOTHING RETURNING key,coalesce((SELECT count FROM attune.deletions),0)";

constexpr const char* kInsertIdentities =
    "INSERT INTO attune.event_identities AS known(kind,alias,user_id) SELECT * FROM "
    "unnest($1::smallint[],$2::text[],$3::text[]) ON CONFLICT(kind,alias) DO UPDATE SET "
    "user_id=NULL WHERE known.user_id IS NOT NULL AND known.user_id IS DISTINCT FROM "
    "excluded.user_id";

std::string_view bytesOf(const EventKey& key) {
  return {reinterpret_cast<const char*>(key.data()), key.size()};
}

PostgresParameters parametersOf(std::span<const Event> events) {
  PostgresArray keys(PostgresType::uuid);
  PostgresArray received(PostgresType::int64);
  PostgresArray times(PostgresType::int64);
  PostgresArray values(PostgresType::real64);
  PostgresArray verified(PostgresType::boolean);
  for (const Event& event : events) {
    keys.addBytes(bytesOf(event.key));
    received.addInteger(event.receivedMs);
    times.addInteger(event.timeMs);
    verified.addInteger(event.verified ? 1 : 0);
    event.eventValue ? values.addReal(*event.eventValue) : values.addNull();
  }
  const auto texts = [&events](std::string Event::*member, bool isOptional) {
    PostgresArray array(PostgresType::text);
    for (const Event& event : events)
      isOptional ? array.addOptional(event.*member) : array.addBytes(event.*member);
    return array;
  };
  PostgresParameters parameters;
  parameters.addArray(keys).addArray(received).addArray(times);
  parameters.addArray(texts(&Event::tracker, false)).addArray(texts(&Event::sessionId, false));
  parameters.addArray(texts(&Event::userId, true)).addArray(texts(&Event::anonymousId, true));
  parameters.addArray(texts(&Event::eventType, false)).addArray(texts(&Event::itemId, true));
  parameters.addArray(values).addArray(texts(&Event::properties, true));
  parameters.addArray(texts(&Event::impression, true));
  parameters.addArray(texts(&Event::recommendationId, true));
  parameters.addArray(texts(&Event::attributionSource, true));
  parameters.addArray(texts(&Event::source, true)).addArray(verified);
  return parameters;
}

class PostgresEventLog final : public EventLog {
 public:
  explicit PostgresEventLog(const std::string& url) : connection_(url, kCollectorPatience) {
    createLayout(connection_);
    requireDurability(connection_);
    changedElsewhere();
  }

  void begin() override { connection_.run("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"); }

  using EventLog::add;
  std::vector<bool> add(std::span<const Event> events) override {
    if (events.empty()) return {};
    const PostgresRows stored = connection_.run(kInsertEvents, parametersOf(events));
    if (stored.count() > 0) forgetDeleted(stored.integer(0, 1));
    std::unordered_set<std::string_view> keys;
    for (int i = 0; i < stored.count(); ++i) keys.insert(stored.text(i, 0));
    std::vector<bool> isNew;
    for (const Event& event : events) {
      isNew.push_back(keys.erase(bytesOf(event.key)) > 0);
      if (isNew.back() && !event.userId.empty()) identify(event);
    }
    saveIdentities();
    return isNew;
  }

  bool putRecords(const AvroSchema& schema, const RowBatch& rows) override {
    if (!tryShare(connection_, lockOf(schema.type))) return false;
    // Both, and in one order, lest two collectors that put items and users wait for each other.
    connection_.run(
        "SELECT FROM attune.datasets WHERE type IN ('items','users') ORDER BY type "
        "FOR UPDATE");
    const std::optional<StoredDataset> stored = storedDataset(connection_, schema.type);
    if (!stored || !schemaDifference(stored->schema, schema).empty()) return false;
    const std::string sql = upsertSql(*stored);
    for (size_t i = 0; i < rows.rowCount(); ++i) {
      PostgresParameters parameters;
      for (size_t field = 0; field < schema.fields.size(); ++field)
        parameters.addField(postgresType(schema.fields[field].type), rows.row(i)[field]);
      connection_.run(sql, parameters);
    }
    return true;
  }

  void commit() override { connection_.run("COMMIT"); }

  void rollback() noexcept override {
    known_.clear();
    identities_.clear();
    connection_.rollback();
  }

  std::optional<AvroSchema> schema(DatasetType type) override {
    const std::optional<StoredDataset> stored = storedDataset(connection_, type);
    return stored ? std::optional(stored->schema) : std::nullopt;
  }

  std::vector<EventTracker> trackers() override {
    std::vector<EventTracker> trackers;
    const PostgresRows rows = connection_.run(
        "SELECT key_sha256,name,origins,verify_secret,trusted FROM attune.event_trackers ORDER BY "
        "name COLLATE \"C\",\"row\"");
    for (int i = 0; i < rows.count(); ++i) {
      EventTracker& tracker = trackers.emplace_back();
      const std::string_view hash = rows.text(i, 0);
      std::copy_n(hash.begin(), std::min(hash.size(), tracker.keySha256.size()),
                  tracker.keySha256.begin());
      tracker.name = rows.text(i, 1);
      tracker.origins = nlohmann::json::parse(rows.text(i, 2)).get<std::vector<std::string>>();
      tracker.verifySecret = rows.text(i, 3);
      tracker.trusted = rows.integer(i, 4) != 0;
    }
    return trackers;
  }

  void addTracker(const EventTracker& tracker) override {
    PostgresParameters parameters;
    parameters.addBytes(tracker.keySha256).addText(tracker.name);
    parameters.addText(nlohmann::json(tracker.origins).dump()).addText(tracker.verifySecret);
    parameters.addInteger(PostgresType::boolean, tracker.trusted ? 1 : 0);
    connection_.run(
        "INSERT INTO attune.event_trackers(key_sha256,name,origins,verify_secret,trusted) "
        "VALUES($1,$2,$3,$4,$5)",
        parameters);
    noteChange();
  }

  bool removeTracker(const std::array<uint8_t, 32>& keySha256) override {
    PostgresParameters parameters;
    parameters.addBytes(keySha256);
    const bool isRemoved =
        connection_
            .run("DELETE FROM attune.event_trackers WHERE key_sha256=$1 RETURNING 1", parameters)
            .count() > 0;
    if (isRemoved) noteChange();
    return isRemoved;
  }

  bool changedElsewhere() override {
    const int64_t facts = connection_.queryInteger("SELECT facts FROM attune.store");
    return std::exchange(facts_, facts) != facts;
  }

  /// Others see a transaction only once it is durable, so there is nothing to be made so anew; and
  /// a server whose disk fails ends by itself, and begins with what is durable.
  void verify(bool) override {
    begin();
    connection_.run(
        "INSERT INTO attune.event_log_check AS checked VALUES(1,1) ON CONFLICT(one) DO UPDATE SET "
        "at=checked.at+1");
    commit();
  }

 private:
  /// Identities of a user who was deleted meanwhile must be written again. A deletion locks the
  /// events against those who add some, so what an insertion sees holds until its commit.
  void forgetDeleted(int64_t deletions) {
    if (deletions != std::exchange(deletions_, deletions)) known_.clear();
  }

  void identify(const Event& event) {
    identify(kSessionAlias, event.sessionId, event.userId);
    if (!event.anonymousId.empty()) identify(kAnonymousAlias, event.anonymousId, event.userId);
  }

  /// Two users of one alias in one transaction make it nobody's, as they do in two.
  void identify(int64_t kind, const std::string& alias, const std::string& user) {
    if (!known_.add(kind, alias, user)) return;
    const auto [place, isFirst] = identities_.try_emplace({kind, alias}, user);
    if (!isFirst && place->second != user) place->second.clear();
  }

  void saveIdentities() {
    if (identities_.empty()) return;
    PostgresArray kinds(PostgresType::int16);
    PostgresArray aliases(PostgresType::text);
    PostgresArray users(PostgresType::text);
    for (const auto& [alias, user] : identities_) {
      kinds.addInteger(alias.first);
      aliases.addBytes(alias.second);
      users.addOptional(user);
    }
    identities_.clear();
    PostgresParameters parameters;
    parameters.addArray(kinds).addArray(aliases).addArray(users);
    connection_.run(kInsertIdentities, parameters);
  }

  /// Lets other collectors read trackers and schemas anew.
  void noteChange() {
    const int64_t facts =
        connection_.queryInteger("UPDATE attune.store SET facts=facts+1 RETURNING facts");
    if (facts == facts_ + 1) facts_ = facts;
  }

  static std::string upsertSql(const StoredDataset& dataset) {
    const std::string put = std::to_string(kSourcePut);
    std::string marks;
    std::string assignments;
    for (size_t i = 0; i < dataset.schema.fields.size(); ++i) {
      const PostgresType type = postgresType(dataset.schema.fields[i].type);
      marks += ",$" + std::to_string(i + 1) + "::" + std::string(postgresTypeName(type));
      assignments += "," + fieldColumn(i) + "=excluded." + fieldColumn(i);
    }
    return "INSERT INTO " + dataset.table + "(\"row\",\"source\"," + fieldColumns(dataset.schema) +
           ") VALUES((SELECT coalesce(max(\"row\"),0)+1 FROM " + dataset.table + ")," + put +
           marks + ") ON CONFLICT(" + idColumn(dataset.schema) +
           ") DO UPDATE SET \"source\"=" + put + assignments;
  }

  PostgresConnection connection_;
  KnownAliases known_;
  std::map<std::pair<int64_t, std::string>, std::string> identities_;  // "": of two users
  int64_t facts_ = 0;
  int64_t deletions_ = 0;
};

}  // namespace

std::unique_ptr<EventLog> openPostgresEventLog(const std::string& url) {
  return std::make_unique<PostgresEventLog>(url);
}

}  // namespace attune::trainer
