#include "trainer/data/postgres.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <thread>

#include "tests/trainer/data/postgres_fixture.h"
#include "trainer/data/postgres_errors.h"
#include "trainer/data/postgres_url.h"
#include "trainer/data/store.h"

using namespace attune::trainer;
using Catch::Matchers::Contains;

namespace {

/// A program that speaks as much of PostgreSQL's protocol as `greeting` holds, to one client.
class MakeBelieveServer {
 public:
  explicit MakeBelieveServer(std::string greeting) : greeting_(std::move(greeting)) {
    socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof(address);
    REQUIRE(::bind(socket_, reinterpret_cast<sockaddr*>(&address), length) == 0);
    REQUIRE(::listen(socket_, 4) == 0);
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~MakeBelieveServer() {
    ::shutdown(socket_, SHUT_RDWR);
    ::close(socket_);
    thread_.join();
  }

  std::string url(const std::string& settings) const {
    return "postgres://me:secret@127.0.0.1:" + std::to_string(port_) + "/shop?sslmode=disable" +
           settings;
  }

 private:
  void serve() {
    const int client = ::accept(socket_, nullptr, nullptr);
    if (client < 0) return;
    std::string asked(4096, '\0');
    while (::recv(client, asked.data(), asked.size(), 0) > 0) {
      if (!greeting_.empty()) ::send(client, greeting_.data(), greeting_.size(), MSG_NOSIGNAL);
      greeting_.clear();
    }
    ::close(client);
  }

  std::string greeting_;
  int socket_ = -1;
  int port_ = 0;
  std::thread thread_;
};

std::string message(char kind, const std::string& body) {
  const auto length = static_cast<char>(body.size() + 4);
  return std::string{kind, 0, 0, 0, length} + body;
}

/// Lets in, tells a version, and is ready.
std::string greetingOf(const std::string& version) {
  using namespace std::string_literals;
  return message('R', "\0\0\0\0"s) + message('S', "server_version\0"s + version + '\0') +
         message('S', "server_encoding\0UTF8\0"s) + message('Z', "I");
}

constexpr PostgresPatience kShort{std::chrono::milliseconds(1), std::chrono::milliseconds(1),
                                  std::chrono::milliseconds(0)};

}  // namespace

TEST_CASE("a server that is not there is told in one line") {
  CHECK_THROWS_WITH(PostgresConnection("postgres://me:secret@127.0.0.1:1/shop", kBatchPatience),
                    Contains("cannot open store postgres://me@127.0.0.1:1/shop") &&
                        Contains("Connection refused") && Contains("check host and port") &&
                        !Contains("secret") && !Contains("\n"));
}

TEST_CASE("a server that takes connections and says nothing is given up") {
  const MakeBelieveServer silent("");
  CHECK_THROWS_WITH(PostgresConnection(silent.url("&connect_timeout=2"), kBatchPatience),
                    Contains("timeout expired") && Contains("check host and port"));
}

TEST_CASE("a server that falls silent is given up") {
  const MakeBelieveServer silent(greetingOf("15.0"));
  CHECK_THROWS_WITH(PostgresConnection(silent.url(""), kShort),
                    Contains("has stopped answering") && !Contains("secret"));
}

TEST_CASE("a server that is too old is refused") {
  const MakeBelieveServer old(greetingOf("9.6.24"));
  CHECK_THROWS_WITH(PostgresConnection(old.url(""), kBatchPatience),
                    Contains("PostgreSQL 9.6.24 is too old") && Contains("13 or newer"));
}

TEST_CASE("what PostgreSQL says against a connection comes with what to do") {
  PostgresFixture postgres;
  if (!postgres.isThere()) return;
  CHECK_THROWS_WITH(
      PostgresConnection(postgres.urlOf("postgres:wrong%40pw", "postgres"), kBatchPatience),
      Contains("password authentication failed") && Contains("PGPASSWORD") && !Contains("wrong"));
  CHECK_THROWS_WITH(PostgresConnection(postgres.urlOf("postgres", "nowhere"), kBatchPatience),
                    Contains("database \"nowhere\" does not exist") && Contains("createdb"));
}

TEST_CASE("the name of a PostgreSQL store never holds a password") {
  CHECK(storeName("postgres://me:secret@db.example:5433/shop?sslmode=require&password=hidden") ==
        "postgres://me@db.example:5433/shop");
  CHECK(storeName("postgresql://db.example/shop") == "postgres://db.example/shop");
  CHECK(storeName("postgres://me@[::1]:5432/shop") == "postgres://me@[::1]:5432/shop");
  CHECK(storeName("shop.db") == "shop.db");
  for (const std::string url : {"postgres://me:se/cret@host/db", "postgres://me:x@secret@host/db",
                                "postgres://me:secret@host/db?nonsense=1", "postgres://%zz:secret"})
    CHECK_THROWS_WITH(openStore(url, StoreAccess::read), !Contains("cret"));
  CHECK_THROWS_WITH(storeName("postgres://me:secret@host/db?nonsense=1"),
                    Contains("postgres://USER:PASSWORD@HOST:PORT/DATABASE"));
}

TEST_CASE("each failure of PostgreSQL has its line") {
  const auto said = [](const char* state) { return statementFailure("S", state, "words"); };
  CHECK_THAT(said("53100"), Contains("store S: the disk of the server is full"));
  CHECK_THAT(said("55P03"), Contains("store S is being written by another process"));
  CHECK_THAT(said("40P01"), Contains("repeat (words)"));
  CHECK_THAT(said("57014"), Contains("needed too long"));
  CHECK_THAT(said("57P01"), Contains("the server ended the connection (words)"));
  CHECK_THAT(said("25006"), Contains("store S cannot be written: the server is a standby"));
  CHECK(said("22000") == "store S: words");
  CHECK(connectFailure("S", "Verbindung fehlgeschlagen\n\tLaeuft er?\n") ==
        "cannot open store S: Verbindung fehlgeschlagen: check the URL");
}
