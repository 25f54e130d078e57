#pragma once

#include <cstddef>
#include <utility>

#include "trainer/nn/cross_entropy_items.h"
#include "trainer/nn/gemm_scratch.h"

namespace attune::trainer {

/// The memory of a tile, cut from one block. T is the most tokens of a tile.
struct TileMemory {
  TileMemory(const PackedItems& items, size_t tokens, size_t lanes, AlignedFloats& block) {
    const size_t hiddenSize = tokens * items.paddedDimension();
    const size_t logitsSize = items.itemPanels() * tokens * items.panelWidth();
    const size_t rowSize = roundUp(tokens, 16);
    float* next = block.atLeast(logitsSize + 3 * hiddenSize + 2 * tokens * lanes + 4 * rowSize);
    const auto take = [&next](size_t size) { return std::exchange(next, next + size); };
    logits = take(logitsSize);
    hidden = take(hiddenSize);
    scaledHidden = take(hiddenSize);
    hiddenGradient = take(hiddenSize);
    maxLanes = take(tokens * lanes);
    sumLanes = take(tokens * lanes);
    max = take(rowSize);
    scale = take(rowSize);
    targetLogit = take(rowSize);
    targetFactor = take(rowSize);
  }
  float* logits;          // (item panels, T, panel width), then e^(logit - max)
  float* hidden;          // (T, dimension)
  float* scaledHidden;    // (dimension panels, T, width): hidden x scale
  float* hiddenGradient;  // the same, before scale: sum over items of e^(...) x row
  float* maxLanes;        // (T, lanes)
  float* sumLanes;        // (T, lanes)
  float* max;             // (T) and so the rest
  float* scale;           // weight / sum of exponentials
  float* targetLogit;
  float* targetFactor;
};

}  // namespace attune::trainer
