#pragma once

#include <cstdint>
#include <span>

#include "trainer/data/dataset.h"

namespace attune::trainer {

/// The dataset that import would have made of the kept interactions alone: `kept` has one place an
/// interaction, 0 to leave it out. Items that neither the Items dataset lists nor a kept
/// interaction names are gone, and so are users without a kept interaction where there is no Users
/// dataset. Order is kept everywhere; event types stay as they are.
Dataset selectInteractions(const Dataset& dataset, std::span<const uint8_t> kept);

}  // namespace attune::trainer
