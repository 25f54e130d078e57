#include "trainer/data/postgres_errors.h"

#include <algorithm>
#include <array>

namespace attune::trainer {
namespace {

struct Advice {
  std::string_view words;
  const char* advice;
};

/// Looked for in this order. A server that speaks another language gets the last one.
constexpr std::array kConnectAdvice{
    Advice{"password authentication failed",
           "check the user and the password, which may be in the URL, in PGPASSWORD or in "
           "~/.pgpass"},
    Advice{"no password supplied", "give the password in PGPASSWORD, in ~/.pgpass or in the URL"},
    Advice{"pg_hba.conf", "its pg_hba.conf must have a line for this user, database and address"},
    Advice{"permission denied for database", "GRANT CONNECT, CREATE ON DATABASE to this user"},
    Advice{"role \"", "check the user in the URL, or make it with createuser"},
    Advice{"database \"", "make it with createdb, or give --store another name"},
    Advice{"could not translate host name", "check the name of the host"},
    Advice{"timeout expired", "check host and port, and whether the server runs"},
    Advice{"onnection refused", "check host and port, and whether the server runs"},
    Advice{"No such file or directory", "check host and port, and whether the server runs"},
    Advice{"is starting up", "wait until it is up"},
    Advice{"in recovery mode", "wait until it is up"},
    Advice{"is shutting down", "wait until it is up again"},
    Advice{"too many", "close other connections or raise its max_connections"},
    Advice{"connection slots", "close other connections or raise its max_connections"},
    Advice{"", "check the URL"},
};

struct Failure {
  std::string_view state;  // the beginning of an SQLSTATE
  const char* text;        // %s: the server's message
};

constexpr std::array kFailures{
    Failure{"53100",
            "the disk of the server is full: free some space and repeat; the data stored before is "
            "unchanged"},
    Failure{"55P03",
            "is being written by another process: wait until it is done, or give another --store"},
    Failure{"40", "is being written by another process: repeat (%s)"},
    Failure{"57014", "the server needed too long (%s): see what it is busy with, and repeat"},
    Failure{"57P", "the server ended the connection (%s): see whether it runs"},
    Failure{"25P03", "the server ended a transaction that took too long: repeat"},
    Failure{"42501", "this user lacks a permission (%s): let the owner of the database GRANT it"},
    Failure{"25006", "cannot be written: the server is a standby, or set to read only"},
    Failure{"42P01",
            "its schema \"attune\" is not, or no longer, an Attune store (%s): give --store "
            "another database"},
    Failure{"42703",
            "its schema \"attune\" is not that of an Attune store (%s): give --store another "
            "database"},
    Failure{"XX001", "is damaged (%s): restore it, or import the data again into a new store"},
    Failure{"", "%s"},
};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  while (!text.empty() && (text.front() == '\n' || text.front() == ' ')) text.remove_prefix(1);
  return text;
}

/// The last line that is no hint (those begin with a tab), without what only libpq's users know.
std::string_view lastLine(std::string_view said) {
  std::string_view found;
  while (!said.empty()) {
    const size_t end = std::min(said.find('\n'), said.size());
    const std::string_view line = said.substr(0, end);
    if (!trimmed(line).empty() && line.front() != '\t') found = line;
    said.remove_prefix(std::min(end + 1, said.size()));
  }
  for (const std::string_view noise : {" failed: ", "FATAL:", "ERROR:"})
    if (const size_t at = found.find(noise); at != std::string_view::npos)
      found = found.substr(at + noise.size());
  return trimmed(found);
}

}  // namespace

std::string connectFailure(const std::string& name, std::string_view said) {
  const std::string_view line = lastLine(said);
  for (const Advice& one : kConnectAdvice)
    if (line.find(one.words) != std::string_view::npos)
      return "cannot open store " + name + ": " + std::string(line) + ": " + one.advice;
  return "cannot open store " + name;  // the last advice fits everything
}

std::string statementFailure(const std::string& name, std::string_view state,
                             const std::string& message) {
  for (const Failure& one : kFailures) {
    if (!state.starts_with(one.state)) continue;
    std::string text = one.text;
    if (const size_t at = text.find("%s"); at != std::string::npos) text.replace(at, 2, message);
    const bool isPredicate = text.starts_with("is ") || text.starts_with("cannot ");
    return "store " + name + (isPredicate ? " " : ": ") + text;
  }
  return "store " + name + ": " + message;
}

std::string lastWords(std::string_view said) {
  const std::string_view line = lastLine(said);
  return line.empty() ? "" : " (" + std::string(line) + ")";
}

}  // namespace attune::trainer
