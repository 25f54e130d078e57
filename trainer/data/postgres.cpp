#include "trainer/data/postgres.h"

#include <libpq-fe.h>
#include <poll.h>

#include <array>
#include <bit>
#include <vector>

#include "trainer/base/errors.h"
#include "trainer/data/postgres_errors.h"
#include "trainer/data/postgres_url.h"

namespace attune::trainer {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kLockNotAvailable = "55P03";
constexpr int kOldestServer = 130000;  // 13
constexpr auto kGrace = std::chrono::seconds(5);

uint64_t bigEndian(std::string_view bytes) {
  uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<uint8_t>(c);
  return value;
}

}  // namespace

PostgresRows::~PostgresRows() { PQclear(result_); }

int PostgresRows::count() const { return PQntuples(result_); }

bool PostgresRows::isNull(int row, int column) const {
  return PQgetisnull(result_, row, column) != 0;
}

std::string_view PostgresRows::text(int row, int column) const {
  return {PQgetvalue(result_, row, column), static_cast<size_t>(PQgetlength(result_, row, column))};
}

int64_t PostgresRows::integer(int row, int column) const {
  const std::string_view bytes = text(row, column);
  const uint64_t value = bigEndian(bytes);
  if (bytes.size() == 2) return static_cast<int16_t>(value);
  if (bytes.size() == 4) return static_cast<int32_t>(value);
  return static_cast<int64_t>(value);
}

double PostgresRows::real(int row, int column) const {
  return std::bit_cast<double>(bigEndian(text(row, column)));
}

FieldValue PostgresRows::value(int row, int column) const {
  if (isNull(row, column)) return {};
  switch (static_cast<PostgresType>(PQftype(result_, column))) {
    case PostgresType::text:
      return FieldValue::ofText(text(row, column));
    case PostgresType::real64:
      return FieldValue::ofReal(real(row, column));
    default:
      return FieldValue::ofInteger(integer(row, column));
  }
}

PostgresConnection::PostgresConnection(const std::string& url, const PostgresPatience& patience)
    : name_(postgresName(url)), patience_(patience) {
  try {
    connect(url);
    setUp();
  } catch (...) {
    PQfinish(handle_);
    throw;
  }
}

PostgresConnection::~PostgresConnection() { PQfinish(handle_); }

/// What comes before the URL are defaults that it may change, what comes after is not to be
/// changed.
void PostgresConnection::connect(const std::string& url) {
  constexpr std::array kKeywords{"connect_timeout",
                                 "fallback_application_name",
                                 "keepalives_idle",
                                 "keepalives_interval",
                                 "keepalives_count",
                                 "tcp_user_timeout",
                                 "dbname",
                                 "client_encoding",
                                 static_cast<const char*>(nullptr)};
  const std::array kValues{"5",         "attune", "20",
                           "5",         "3",      "30000",
                           url.c_str(), "UTF8",   static_cast<const char*>(nullptr)};
  static_assert(kKeywords.size() == std::tuple_size_v<decltype(kValues)>);
  handle_ = PQconnectdbParams(kKeywords.data(), kValues.data(), 1);
  if (PQstatus(handle_) != CONNECTION_OK) failConnect();
  PQsetNoticeProcessor(
      handle_, [](void*, const char*) {}, nullptr);  // "already exists, skipping"
  PQsetnonblocking(handle_, 1);
}

void PostgresConnection::setUp() {
  if (PQserverVersion(handle_) < kOldestServer)
    throw UserError("store " + name_ + ": PostgreSQL " +
                    std::string(PQparameterStatus(handle_, "server_version")) +
                    " is too old: Attune needs PostgreSQL 13 or newer");
  const char* encoding = PQparameterStatus(handle_, "server_encoding");
  if (encoding == nullptr || std::string_view(encoding) != "UTF8")
    throw UserError("store " + name_ + ": the database's encoding is " +
                    std::string(encoding == nullptr ? "unknown" : encoding) +
                    ", in which not every text can be kept: make one with createdb -E UTF8 -T "
                    "template0");
  const auto set = [this](const char* name, std::chrono::milliseconds value) {
    run(std::string("SET ") + name + '=' + std::to_string(value.count()));
  };
  set("statement_timeout", patience_.statement);
  set("lock_timeout", patience_.lock);
  set("idle_in_transaction_session_timeout", patience_.idle);
}

void PostgresConnection::send(const std::string& sql, const PostgresParameters& parameters) {
  std::vector<const char*> values;
  std::vector<int> lengths;
  for (const std::optional<std::string>& value : parameters.values()) {
    values.push_back(value ? value->data() : nullptr);
    lengths.push_back(value ? static_cast<int>(value->size()) : 0);
  }
  const std::vector<int> formats(values.size(), 1);
  if (isLost_ || PQsendQueryParams(handle_, sql.c_str(), static_cast<int>(values.size()), nullptr,
                                   values.data(), lengths.data(), formats.data(), 1) == 0)
    failLost();
}

/// Waits until everything is sent, or until a result is there, but not for ever.
void PostgresConnection::wait(Wait until) {
  const auto deadline = Clock::now() + patience_.statement + kGrace;
  while (true) {
    const int unsent = PQflush(handle_);
    if (unsent < 0) failLost();
    if (unsent == 0 && (until == Wait::flushed || PQisBusy(handle_) == 0)) return;
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd socket{PQsocket(handle_), static_cast<short>(unsent > 0 ? POLLIN | POLLOUT : POLLIN), 0};
    const int ready = left <= 0 ? 0 : ::poll(&socket, 1, static_cast<int>(left));
    if (ready == 0) {
      isLost_ = true;
      throw UserError("store " + name_ + ": the server has stopped answering: see whether it runs");
    }
    if ((socket.revents & ~POLLOUT) != 0 && PQconsumeInput(handle_) == 0) failLost();
  }
}

pg_result* PostgresConnection::nextResult() {
  wait(Wait::answered);
  return PQgetResult(handle_);
}

/// Reads all that a statement returns, and throws its first error.
PostgresRows PostgresConnection::finish() {
  std::unique_ptr<pg_result, decltype(&PQclear)> failed(nullptr, PQclear);
  pg_result* last = nullptr;
  while (pg_result* result = nextResult()) {
    if (PQresultStatus(result) == PGRES_FATAL_ERROR && !failed)
      failed.reset(result);
    else if (last == nullptr)
      last = result;
    else
      PQclear(result);
  }
  PostgresRows answer(last);
  if (failed) fail(failed.get());
  return answer;
}

PostgresRows PostgresConnection::run(const std::string& sql, const PostgresParameters& parameters) {
  send(sql, parameters);
  return finish();
}

int64_t PostgresConnection::queryInteger(const std::string& sql,
                                         const PostgresParameters& parameters) {
  const PostgresRows rows = run(sql, parameters);
  return rows.count() == 0 || rows.isNull(0, 0) ? 0 : rows.integer(0, 0);
}

bool PostgresConnection::tryRun(const std::string& sql) noexcept {
  try {
    run(sql);
    return true;
  } catch (...) {
    return false;
  }
}

bool PostgresConnection::runUnlessBusy(const std::string& sql) {
  isBusy_ = false;
  try {
    run(sql);
    return true;
  } catch (...) {
    if (!isBusy_) throw;
    return false;
  }
}

void PostgresConnection::rollback() noexcept {
  try {
    if (isCopying_ && !isLost_) {
      isCopying_ = false;
      PQputCopyEnd(handle_, "given up");
      while (pg_result* result = nextResult()) PQclear(result);
    }
    if (!isLost_ && PQtransactionStatus(handle_) != PQTRANS_IDLE) run("ROLLBACK");
  } catch (...) {
    isLost_ = true;  // the server undoes it when the connection ends
  }
}

void PostgresConnection::beginCopy(const std::string& sql) {
  send(sql, {});
  pg_result* result = nextResult();
  isCopying_ = PQresultStatus(result) == PGRES_COPY_IN;
  if (isCopying_) return PQclear(result);
  const std::unique_ptr<pg_result, decltype(&PQclear)> failed(result, PQclear);
  while (pg_result* more = nextResult()) PQclear(more);
  fail(failed.get());
}

void PostgresConnection::copy(std::string_view bytes) {
  if (PQputCopyData(handle_, bytes.data(), static_cast<int>(bytes.size())) != 1) failLost();
  wait(Wait::flushed);  // or a slow server would let memory grow
}

void PostgresConnection::endCopy() {
  isCopying_ = false;
  if (PQputCopyEnd(handle_, nullptr) != 1) failLost();
  finish();
}

void PostgresConnection::failConnect() const {
  throw UserError(connectFailure(name_, PQerrorMessage(handle_)));
}

void PostgresConnection::failLost() {
  isLost_ = true;
  throw UserError("store " + name_ + ": the connection to the server was lost" +
                  lastWords(PQerrorMessage(handle_)) + ": see whether it runs");
}

void PostgresConnection::fail(const pg_result* result) {
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const char* message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  if (PQstatus(handle_) == CONNECTION_BAD && state == nullptr) failLost();
  if (PQstatus(handle_) == CONNECTION_BAD) isLost_ = true;
  isBusy_ = state != nullptr && std::string_view(state) == kLockNotAvailable;
  throw UserError(
      statementFailure(name_, state == nullptr ? "" : state, message == nullptr ? "" : message));
}

}  // namespace attune::trainer
