#include "tests/trainer/data/postgres_fixture.h"

#include <unistd.h>

#include <cstdlib>
#include <iostream>

namespace attune::trainer {
namespace {

std::string databaseOf(const std::string& url) { return url.substr(url.rfind('/') + 1); }

}  // namespace

PostgresFixture::PostgresFixture() {
  const char* url = std::getenv("ATTUNE_TEST_POSTGRES");
  if (url != nullptr) server_ = url;
}

PostgresFixture::~PostgresFixture() {
  if (databases_.empty()) return;
  PostgresConnection admin(server_, kBatchPatience);
  for (const std::string& database : databases_)
    admin.tryRun("DROP DATABASE " + database + " WITH (FORCE)");
}

bool PostgresFixture::isThere() const {
  if (server_.empty())
    std::cout << "skipped, not there: a PostgreSQL server in ATTUNE_TEST_POSTGRES; bash "
                 "tests/postgres.sh run COMMAND starts one\n";
  return !server_.empty();
}

std::string PostgresFixture::fresh(const std::string& settings) {
  static int count = 0;
  const std::string name =
      "attune_test_" + std::to_string(::getpid()) + "_" + std::to_string(++count);
  run(server_, "CREATE DATABASE " + name + " " + settings);
  databases_.push_back(name);
  return urlOf("postgres", name);
}

void PostgresFixture::run(const std::string& url, const std::string& sql) const {
  PostgresConnection(url, kBatchPatience).run(sql);
}

int64_t PostgresFixture::queryInteger(const std::string& url, const std::string& sql) const {
  return PostgresConnection(url, kBatchPatience).queryInteger(sql);
}

std::string PostgresFixture::urlOf(const std::string& user, const std::string& database) const {
  const size_t at = server_.find('@');
  return "postgres://" + user + server_.substr(at, server_.rfind('/') + 1 - at) + database;
}

void PostgresFixture::disconnectAll(const std::string& url) const {
  run(server_, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname='" +
                   databaseOf(url) + "'");
}

}  // namespace attune::trainer
