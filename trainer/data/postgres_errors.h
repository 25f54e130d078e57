#pragma once

#include <string>
#include <string_view>

namespace attune::trainer {

/// The line for a database that cannot be opened; `said` is what libpq tells, in several lines.
std::string connectFailure(const std::string& name, std::string_view said);

/// The line for a statement that failed, by its SQLSTATE (the table of the manual's appendix A).
std::string statementFailure(const std::string& name, std::string_view state,
                             const std::string& message);

/// The end of what libpq tells, as ": ...", or nothing.
std::string lastWords(std::string_view said);

}  // namespace attune::trainer
