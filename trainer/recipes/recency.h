#pragma once

#include <cstdint>
#include <vector>

#include "trainer/data/dataset.h"

namespace attune::trainer {

/// How fast the popularity of items passes, learned from the last tenth of the events: each is
/// predicted from those before it, by all of them alike or by counts that fade.
struct PopularityDrift {
  double halfLifeSeconds = 0;  ///< the best of a few; 0: nothing fades better than it counts
  /// What fading counts gain over even ones in predicting the last tenth, nats an event. Far above
  /// 0 where items live shortly (news), near 0 where they last.
  double gain = 0;
};

/// REQUIRES: events in time order, as a Dataset has them.
PopularityDrift measureDrift(const Interactions& events, uint32_t items);

/// From this gain on, popularity now counts in place of popularity over all time.
inline constexpr double kDriftThatCounts = 0.3;

/// (items) log of an item's share of the events by fading counts at the last event's time, less the
/// log of its even share: what turns a model of all time into one of now (the correction for a
/// shift of the classes' frequencies; Saerens, Latinne and Decaestecker 2002).
std::vector<float> driftCorrection(const Interactions& events, uint32_t items,
                                   double halfLifeSeconds);

}  // namespace attune::trainer
