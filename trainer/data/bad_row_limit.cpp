#include "trainer/data/bad_row_limit.h"

#include <charconv>
#include <sstream>

#include "trainer/base/errors.h"

namespace attune::trainer {

BadRowLimit BadRowLimit::parse(std::string_view text) {
  BadRowLimit limit;
  limit.isPercent = text.ends_with('%');
  const std::string_view number = text.substr(0, text.size() - (limit.isPercent ? 1 : 0));
  const char* end = number.data() + number.size();
  std::from_chars_result parsed{};
  uint64_t rows = 0;
  if (limit.isPercent) {
    parsed = std::from_chars(number.data(), end, limit.value);
  } else {
    parsed = std::from_chars(number.data(), end, rows);
    limit.value = static_cast<double>(rows);
  }
  const bool good = parsed.ec == std::errc() && parsed.ptr == end && limit.value >= 0 &&
                    (!limit.isPercent || limit.value <= 100);
  if (!good)
    throw UserError("--max-bad \"" + std::string(text) +
                    "\" is neither a percentage such as 1% nor a number of rows such as 100");
  return limit;
}

bool BadRowLimit::isExceeded(uint64_t badRows, uint64_t rowsRead) const {
  const double bearable = isPercent ? value / 100 * static_cast<double>(rowsRead) : value;
  return static_cast<double>(badRows) > bearable;
}

std::string BadRowLimit::text() const {
  std::ostringstream out;
  out << value << (isPercent ? "%" : " rows");
  return out.str();
}

}  // namespace attune::trainer
