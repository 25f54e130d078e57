#pragma once

#include <vector>

#include "trainer/data/protection.h"

namespace attune::trainer {

/// Leaves out the days on which an unverified user of the collector acted as people do not: more
/// than maxEventsPerMinute in 60 seconds; more than maxRegularEvents steps from item to item at
/// almost equal intervals; more than maxEventsWithoutVariety events with one or two items. Times
/// are those of the events. Writes into `rules`, one an interaction.
void applyBotRules(const Dataset& data, const Protection& protection,
                   std::vector<ProtectionRule>& rules);

}  // namespace attune::trainer
