#pragma once

#include <span>
#include <string>
#include <string_view>

#include "trainer/data/event_log.h"

namespace attune::trainer {

/// A new write key (Personalize's tracking id): 256 random bits as text.
std::string newWriteKey();

/// What is kept of a write key.
std::array<uint8_t, 32> hashOfKey(std::string_view key);

/// The first digits of a key's hash, by which people name it.
std::string fingerprint(const EventTracker& tracker);

/// The tracker of a key, or null. How long it takes does not tell how near a wrong key was.
const EventTracker* findTracker(std::span<const EventTracker> trackers, std::string_view key);

}  // namespace attune::trainer
