#pragma once

#include <cstddef>
#include <cstdint>

// Every limit of `attune serve` in one place. Lengths of text are in characters (code points).

namespace attune::trainer::limits {

// Amazon Personalize's, of its events API.
inline constexpr size_t kIdChars =
    256;  ///< eventType, sessionId, trackingId, eventId, userId, itemId
inline constexpr size_t kPutEvents = 10;   ///< events a PutEvents
inline constexpr size_t kPutRecords = 10;  ///< items or users a PutItems, PutUsers
inline constexpr size_t kEventPropertiesChars = 1024;
inline constexpr size_t kItemPropertiesChars = 32'000;
inline constexpr size_t kUserPropertiesChars = 24'000;
inline constexpr size_t kImpressionIds = 25;
inline constexpr size_t kRecommendationIdChars = 40;
inline constexpr size_t kAttributionSourceChars = 1024;
inline constexpr size_t kArnChars = 256;

// Attune's own.
inline constexpr size_t kBatchEvents = 500;  ///< events of a POST /v1/events
inline constexpr size_t kUserTokenChars = 128;
inline constexpr size_t kJsonDepth = 16;
inline constexpr size_t kHeaderBytes = 16 * 1024;
inline constexpr size_t kBodyBytes = 512 * 1024;  ///< also after inflating
inline constexpr int kHeaderSeconds = 10;  ///< from the first byte of a request to its last header
inline constexpr int kBodySeconds = 30;    ///< from there to its end; also for reading a reply
inline constexpr uint64_t kSlowestBytesPerSecond = 32 * 1024;  ///< more time for reading a file
inline constexpr int kIdleSeconds = 60;    ///< between requests of a connection
inline constexpr int kDrainSeconds = 10;   ///< from SIGTERM to the end
inline constexpr size_t kConnections = 1024;
inline constexpr size_t kBodiesInFlightBytes = 64 * 1024 * 1024;
inline constexpr size_t kQueuedBytes = 32 * 1024 * 1024;      ///< waiting to be written
inline constexpr size_t kCommitEvents = 4000;                 ///< events of one transaction, about
inline constexpr int64_t kEarliestEventMs = 946'684'800'000;  ///< 2000-01-01
inline constexpr int64_t kFutureEventMs = 86'400'000;         ///< a day ahead is a wrong clock
inline constexpr int kProbeSeconds = 1;       ///< between attempts to write a store that failed
inline constexpr int kRetryAfterSeconds = 2;  ///< what a 503 asks for
inline constexpr size_t kRateLimitedAddresses = 100'000;  ///< remembered; about 10 MB
inline constexpr size_t kRateLimitedUsers = 100'000;      ///< likewise

}  // namespace attune::trainer::limits
