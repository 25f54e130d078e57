#include "trainer/data/postgres_url.h"

#include <libpq-fe.h>

#include <memory>
#include <string_view>

#include "trainer/base/errors.h"

namespace attune::trainer {
namespace {

/// True when an @ stands where a password with a bare @ or / would put it: libpq takes a part of
/// such a password for the name of a host or a database, which messages show.
bool hasStrayAt(const std::string& url) {
  const std::string_view all(url);
  const std::string_view named = all.substr(0, all.find('?'));
  const size_t begin = named.find("://") + 3;
  const size_t at = named.rfind('@');
  return at != std::string_view::npos && (named.find('@') != at || named.find('/', begin) < at);
}

}  // namespace

bool isPostgresUrl(const std::string& location) {
  return location.starts_with("postgres://") || location.starts_with("postgresql://");
}

std::string postgresName(const std::string& url) {
  // What libpq says of a wrong URL may hold its password, so it is not repeated.
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
      PQconninfoParse(url.c_str(), nullptr), PQconninfoFree);
  if (!options || hasStrayAt(url))
    throw UserError(
        "--store is not a URL that PostgreSQL understands: write "
        "postgres://USER:PASSWORD@HOST:PORT/DATABASE, with %40 for @ and %2F for / in names and "
        "passwords");
  const auto valueOf = [&options](std::string_view keyword) -> std::string {
    for (const PQconninfoOption* one = options.get(); one->keyword != nullptr; ++one)
      if (one->keyword == keyword && one->val != nullptr) return one->val;
    return "";
  };
  const std::string user = valueOf("user");
  const std::string host = valueOf("host").empty() ? valueOf("hostaddr") : valueOf("host");
  const std::string port = valueOf("port");
  std::string name = "postgres://";
  if (!user.empty()) name += user + '@';
  name += host.find(':') == std::string::npos ? host : '[' + host + ']';
  if (!port.empty()) name += ':' + port;
  return name + '/' + valueOf("dbname");
}

}  // namespace attune::trainer
