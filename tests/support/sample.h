#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "runtime/serve/engine.h"
#include "trainer/data/dataset.h"
#include "trainer/export/catalogue_writer.h"
#include "trainer/export/quantise.h"

/// A small bundle made by hand, whose right answers are plain to see.
namespace attune::testing {

/// Items a..f with one column of every kind:
///   GENRES a: Comedy|Drama, b: Drama, c: -, d: Comedy, e: Action, f: -
///   YEAR   1990 .. 1995, c null;  PRICE 0.5, 1.5, ...;  ON_SALE true, false, ..., f null
///   TITLE  "Title a" .., b null
trainer::Dataset sampleDataset();

/// Neighbour lists (weights x 255): a -> b 200, c 100; b -> a 255; c -> d 10; others none. Users
/// who had a..f: 5, 4, 3, 2, 1, 0 of 10. recency_decay 0.5, popularity_blend 0.001.
trainer::BundleBuilder sampleBuilder(ModelKind model = ModelKind::Neighbours);

/// The same items with a transformer of random weights: 2 layers, 2 heads, dimension 8, window 4;
/// with a pointer, its keys have 3 numbers.
struct SampleTransformer {
  TransformerConfig config{.dimension = 8,
                           .layers = 2,
                           .heads = 2,
                           .feedForward = 6,
                           .window = 4,
                           .normEpsilon = 1e-6f,
                           .inputScale = 2};
  /// The weights of a section, by kind and layer; matrices are (outputs, inputs).
  std::map<std::pair<SectionKind, uint32_t>, std::vector<float>> weights;

  explicit SampleTransformer(bool pointer = false);
  trainer::BundleBuilder builder(trainer::BundlePrecision precision) const;
};

/// The same items with a hierarchical recurrent network of random weights: dimension 5, window 6,
/// a gap of 30 seconds between sessions.
struct SampleRecurrent {
  RecurrentConfig config{.dimension = 5,
                         .window = 6,
                         .sessionGapSeconds = 30,
                         .normEpsilon = 1e-6f,
                         .inputScale = 2};
  /// The weights of a section, by kind and unit; matrices are (outputs, inputs).
  std::map<std::pair<SectionKind, uint32_t>, std::vector<float>> weights;
  std::vector<uint8_t> allowed;  ///< which items may be recommended; empty: all

  SampleRecurrent();
  trainer::BundleBuilder builder(trainer::BundlePrecision precision) const;
};

/// sampleBuilder().finish(), copied to aligned memory.
Buffer<uint8_t> sampleBundle(ModelKind model = ModelKind::Neighbours);

/// The bytes in aligned memory, as the runtime wants them.
Buffer<uint8_t> aligned(std::span<const uint8_t> bytes);

/// The sample bundle, open.
struct OpenSample {
  explicit OpenSample(ModelKind model = ModelKind::Neighbours) : bytes(sampleBundle(model)) {}
  Buffer<uint8_t> bytes;
  Owned<Engine> engine = std::move(Engine::open(bytes.span()).value());
  Scratch scratch;
};

/// The ids of a ranked list.
std::vector<std::string> idsOf(const Engine& engine, std::span<const Scored> ranked);

}  // namespace attune::testing
