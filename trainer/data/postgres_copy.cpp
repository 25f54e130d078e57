#include "trainer/data/postgres_copy.h"

namespace attune::trainer {
namespace {

// The binary format of COPY (the manual's chapter of that command): its signature, flags and the
// length of an extension, both 0; then rows, each behind the number of its columns; then -1.
constexpr std::string_view kHeader("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
constexpr int16_t kEnd = -1;
constexpr size_t kBlockBytes = 1 << 18;

}  // namespace

PostgresCopy::PostgresCopy(PostgresConnection& connection, const std::string& table, size_t columns)
    : connection_(connection), columns_(static_cast<int16_t>(columns)) {
  connection_.beginCopy("COPY " + table + " FROM STDIN (FORMAT binary)");
  connection_.copy(kHeader);
}

void PostgresCopy::beginRow() {
  if (values_.bytes().size() >= kBlockBytes) {
    connection_.copy(values_.bytes());
    values_.clear();
  }
  values_.addCount(columns_);
}

void PostgresCopy::finish() {
  values_.addCount(kEnd);
  connection_.copy(values_.bytes());
  values_.clear();
  connection_.endCopy();
}

}  // namespace attune::trainer
