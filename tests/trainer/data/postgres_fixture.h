#pragma once

#include <string>
#include <vector>

#include "tests/trainer/data/store_contract.h"
#include "trainer/data/postgres.h"

namespace attune::trainer {

/// Makes empty databases on the server that ATTUNE_TEST_POSTGRES names, and drops them at the end.
/// `bash tests/postgres.sh run COMMAND` gives COMMAND such a server.
class PostgresFixture {
 public:
  PostgresFixture();
  ~PostgresFixture();
  PostgresFixture(const PostgresFixture&) = delete;
  PostgresFixture& operator=(const PostgresFixture&) = delete;

  /// False, after a line that says so, where there is no server: then the test is to end.
  bool isThere() const;
  /// The URL of a new database; `settings` are those of CREATE DATABASE.
  std::string fresh(const std::string& settings = "");
  StoreFactory factory() {
    return {[this] { return fresh(); }};
  }
  /// Runs a statement on a database, as its owner and the server's.
  void run(const std::string& url, const std::string& sql) const;
  int64_t queryInteger(const std::string& url, const std::string& sql) const;
  /// The server's URL with another user, password (behind a colon) and database.
  std::string urlOf(const std::string& user, const std::string& database) const;
  /// Ends all connections to a database, as a restart of the server would.
  void disconnectAll(const std::string& url) const;

 private:
  std::string server_;
  std::vector<std::string> databases_;
};

}  // namespace attune::trainer
