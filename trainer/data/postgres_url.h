#pragma once

#include <string>

namespace attune::trainer {

/// True for what names a PostgreSQL database: postgres://... or postgresql://...
bool isPostgresUrl(const std::string& location);

/// The URL as messages show it: user, host, port and database, never a password nor any other
/// setting. Throws UserError when it is not a URL that libpq understands.
std::string postgresName(const std::string& url);

}  // namespace attune::trainer
