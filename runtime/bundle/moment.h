#pragma once

#include <limits>

#include "runtime/bundle/bundle.h"

namespace attune {

using schema::QueryKind;

/// When something is asked or done, in seconds since 1970.
struct Moment {
  double time = 0;
  /// The user's event before it; NaN where there was none.
  double before = std::numeric_limits<double>::quiet_NaN();
};

/// Whether columns of that kind get their value from the moment alone.
inline bool isAutomatic(QueryKind kind) { return kind > QueryKind::Context; }

/// What a moment is worth in an automatic column: the hour of the day (0 to 23), the day of the
/// week (0 is Sunday), or how many days ago the event before it was (0 for one that is later). NaN
/// for what is not known. Hours and days are those of UTC. Training calls it for each event and the
/// device for each request, so both mean the same. REQUIRES: isAutomatic(kind)
double automaticNumber(QueryKind kind, const Moment& moment);

}  // namespace attune
