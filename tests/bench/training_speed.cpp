// How fast user-personalization trains in the setting of ML-1M: d = 64, 2 blocks, history 200, full
// cross-entropy. One JSON line: median seconds of the epochs, interactions a second, peak resident
// memory, and in the same run the speed of SGEMM on the logits' own shape (25600 x 3416 x 64), with
// the share of it that an epoch reaches. The floating-point operations of an epoch are those of its
// matrix products: 1,116 GFLOP for ML-1M's 647,430 targets.
//   bench_training_speed [--store FILE] [--threads N] [--epochs N] [--bf16]
// Without a store: made-up histories, as many and about as long as ML-1M's.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "runtime/base/random.h"
#include "trainer/data/dataset_loader.h"
#include "trainer/data/store.h"
#include "trainer/nn/cpu.h"
#include "trainer/nn/gemm.h"
#include "trainer/nn/sequence_trainer.h"
#if defined(ATTUNE_HAVE_OPENBLAS)
#include <cblas.h>
extern "C" void openblas_set_num_threads(int threads);
#endif

namespace {

using namespace attune;
using namespace attune::trainer;

constexpr size_t kUsers = 6040;
constexpr size_t kItems = 3416;

/// Matrix products of a target, forth and back: three with all items' vectors, and the blocks' own.
double gflopOfTarget(size_t items) { return 1e-9 * (6.0 * 64 * static_cast<double>(items) + 412000); }

struct Settings {
  std::string store;
  unsigned threads = std::max(1u, std::thread::hardware_concurrency());
  uint64_t epochs = 3;
  Precision precision = Precision::f32;
};

Settings settingsOf(int argc, char** argv) {
  Settings settings;
  for (int i = 1; i < argc; ++i) {
    const bool hasValue = i + 1 < argc;
    if (std::strcmp(argv[i], "--bf16") == 0) settings.precision = Precision::bf16;
    else if (std::strcmp(argv[i], "--store") == 0 && hasValue) settings.store = argv[++i];
    else if (std::strcmp(argv[i], "--threads") == 0 && hasValue) settings.threads = static_cast<unsigned>(std::atoi(argv[++i]));
    else if (std::strcmp(argv[i], "--epochs") == 0 && hasValue) settings.epochs = static_cast<uint64_t>(std::atoi(argv[++i]));
    else {
      std::fprintf(stderr, "usage: bench_training_speed [--store FILE] [--threads N] [--epochs N] [--bf16]\n");
      std::exit(2);
    }
  }
  return settings;
}

struct Data {
  Sequences sequences;
  size_t items = kItems;
};

Data fromStore(const std::string& path) {
  const Dataset dataset = loadDataset(*openStore(path, StoreAccess::read));
  std::vector<std::vector<uint32_t>> histories(dataset.users.size());
  for (size_t i = 0; i < dataset.interactions.size(); ++i)
    histories[dataset.interactions.user[i]].push_back(dataset.interactions.item[i]);
  Data data;
  data.items = dataset.items.size();
  for (const auto& history : histories) data.sequences.add(history);
  return data;
}

/// Lengths are log-normal from 18 on with ML-1M's median and mean; popular items are Zipf-like.
Data madeUp() {
  Data data;
  for (size_t user = 0; user < kUsers; ++user) {
    Random random(5, user);
    const double length = 18 + std::exp(4.35 + 1.05 * static_cast<double>(random.normal()));
    std::vector<uint32_t> history(static_cast<size_t>(std::min(length, 2300.0)));
    for (uint32_t& item : history) {
      const double u = static_cast<double>(random.uniform());
      item = static_cast<uint32_t>(std::pow(u, 2.0) * static_cast<double>(kItems - 1));
    }
    data.sequences.add(history);
  }
  return data;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

struct Epochs {
  double seconds = 0;  // the median
  double targets = 0;  // of one
};

Epochs train(const Data& data, const Settings& settings, GemmThreads& threads) {
  const SequenceModel model(
      {.hiddenDimension = 64, .layers = 2, .heads = 2, .feedForward = 128, .maxHistory = 200}, data.items);
  SequenceTrainingOptions options;
  options.epochs = settings.epochs;
  options.precision = settings.precision;
  options.validationUsers = 0;
  options.threads = &threads;
  std::vector<double> seconds;
  Epochs epochs;
  options.onEpoch = [&](const EpochProgress& epoch) {
    seconds.push_back(epoch.trainingSeconds);
    epochs.targets = std::round(epoch.interactionsPerSecond * epoch.trainingSeconds);
  };
  trainSequenceModel(model, data.sequences, {}, options);
  epochs.seconds = median(seconds);
  return epochs;
}

double secondsOf(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Median GFLOP/s of products of the logits' shape: ours, and OpenBLAS's where it is linked.
struct GemmSpeeds {
  double attune = 0;
  double openblas = 0;
};

GemmSpeeds gemmSpeeds(GemmThreads& threads) {
  constexpr size_t m = 25600, n = kItems, k = 64;
  std::vector<float> a(m * k, 0.5f), b(n * k, 0.25f), c(m * n);
  std::vector<double> ours, theirs;
#if defined(ATTUNE_HAVE_OPENBLAS)
  openblas_set_num_threads(static_cast<int>(threads.count()));
#endif
  for (int lap = 0; lap < 10; ++lap) {
    const double seconds = secondsOf([&] {
      gemm({m, n, k}, {a.data(), k, false}, {b.data(), k, true}, {c.data(), n}, &threads);
    });
    if (lap > 0) ours.push_back(seconds);
#if defined(ATTUNE_HAVE_OPENBLAS)
    const double blas = secondsOf([&] {
      cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, n, k, 1, a.data(), k, b.data(), k, 0,
                  c.data(), n);
    });
    if (lap > 0) theirs.push_back(blas);
#endif
  }
  constexpr double kGflop = 2e-9 * m * n * k;
  return {kGflop / median(ours), theirs.empty() ? 0 : kGflop / median(theirs)};
}

std::string processorName() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  return "unknown";
}

}  // namespace

int main(int argc, char** argv) {
  const Settings settings = settingsOf(argc, argv);
  GemmThreads threads(settings.threads);
  const Data data = settings.store.empty() ? madeUp() : fromStore(settings.store);
  const Epochs epochs = train(data, settings, threads);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const GemmSpeeds gemm = gemmSpeeds(threads);
  const double gflops = gflopOfTarget(data.items) * epochs.targets / epochs.seconds;
  std::printf(
      R"({"benchmark":"training_speed","data":"%s","precision":"%s","threads":%u,"epochs":%llu,)"
      R"("items":%zu,"targets":%.0f,"secondsPerEpoch":%.2f,"secondsPer647430Targets":%.2f,)"
      R"("interactionsPerSecond":%.0f,"peakMegabytes":%.0f,"epochGflops":%.1f,"sgemmGflops":%.1f,)",
      settings.store.empty() ? "made up, lengths as ML-1M's" : "store",
      settings.precision == Precision::bf16 ? "bf16" : "f32", threads.count(),
      static_cast<unsigned long long>(settings.epochs), data.items, epochs.targets, epochs.seconds,
      epochs.seconds * 647430 / epochs.targets, epochs.targets / epochs.seconds,
      static_cast<double>(usage.ru_maxrss) / 1024, gflops, gemm.attune);
  if (gemm.openblas > 0) std::printf(R"("openblasGflops":%.1f,)", gemm.openblas);
  std::printf(R"("shareOfSgemm":%.2f,"instructionSet":"%s","cores":%u,"processor":"%s"})"
              "\n",
              gflops / gemm.attune, nameOf(instructionSet()), std::thread::hardware_concurrency(),
              processorName().c_str());
  return 0;
}
