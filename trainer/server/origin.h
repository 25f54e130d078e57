#pragma once

#include <span>
#include <string>
#include <string_view>

#include "trainer/data/event_log.h"

namespace attune::trainer {

/// Checks the origin of a page as a browser sends it: `https://shop.example` or with a port; no
/// path, no capital letters, no wildcard. Throws UserError that says what to write instead.
void checkOrigin(const std::string& origin);

/// True when a page of that origin may send events with the tracker: scheme, host and port are
/// exactly one of its origins. `null` never is.
bool mayUse(const EventTracker& tracker, std::string_view origin);

/// True when it may with any of them; all that a preflight, which names no tracker, can ask.
bool mayUseAny(std::span<const EventTracker> trackers, std::string_view origin);

}  // namespace attune::trainer
