// Speed of the trainer's matrix product and loss: one JSON line on stdout. Each product is timed in
// turn with the other libraries that were compiled in (ATTUNE_HAVE_EIGEN, ATTUNE_HAVE_OPENBLAS),
// lap by lap, so that all see the same machine; the best and the median lap are printed, in
// GFLOP/s. Usage: nn_kernels [threads] [laps] [gemm|loss|all]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "runtime/base/random.h"
#include "trainer/nn/cpu.h"
#include "trainer/nn/cross_entropy.h"
#include "trainer/nn/gemm.h"
#if defined(ATTUNE_HAVE_EIGEN)
#include <Eigen/Core>
#endif
#if defined(ATTUNE_HAVE_OPENBLAS)
#include <cblas.h>
extern "C" void openblas_set_num_threads(int threads);
extern "C" char* openblas_get_corename(void);
#endif

using namespace attune;
using namespace attune::trainer;

namespace {

struct Shape {
  const char* name;
  size_t m, n, k;
  bool transposeA, transposeB;
};

constexpr Shape kShapes[] = {
    {"logits", 25600, 3416, 64, false, true},
    {"items gradient", 3416, 64, 25600, true, false},
    {"hidden gradient", 25600, 64, 3416, false, false},
    {"projection", 25600, 64, 64, false, true},
    {"widen", 25600, 256, 64, false, true},
    {"narrow", 25600, 64, 256, false, true},
    {"weight gradient", 64, 256, 25600, true, false},
    {"square weight gradient", 64, 64, 25600, true, false},
    {"attention", 200, 200, 32, false, true},
};

std::vector<float> randomValues(size_t count, float scale, uint64_t stream) {
  Random random(7, stream);
  std::vector<float> values(count);
  for (float& value : values) value = scale * random.normal();
  return values;
}

double secondsOf(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

struct Contender {
  std::string name;
  std::function<void()> work;
  std::vector<double> laps = {};
};

struct Speeds {
  double best, median;
};

Speeds speedsOf(std::vector<double> laps, double gflop) {
  std::sort(laps.begin(), laps.end());
  return {gflop / laps.front(), gflop / laps[laps.size() / 2]};
}

/// Laps in turn; a lap repeats short work until it takes some milliseconds.
void race(std::vector<Contender>& contenders, size_t laps, double gflop) {
  const auto repeats = static_cast<size_t>(std::max(1.0, 0.2 / gflop));
  for (size_t lap = 0; lap <= laps; ++lap) {
    for (Contender& contender : contenders) {
      const double seconds = secondsOf([&] {
        for (size_t i = 0; i < repeats; ++i) contender.work();
      });
      if (lap > 0) contender.laps.push_back(seconds / static_cast<double>(repeats));
    }
  }
}

/// The factors and the result of one product.
struct Operands {
  explicit Operands(const Shape& s)
      : a(randomValues(s.m * s.k, 1, 1)), b(randomValues(s.k * s.n, 1, 2)), c(s.m * s.n) {}
  std::vector<float> a, b, c;
};

void addAttune(std::vector<Contender>& to, const Shape& s, Operands& o, GemmThreads& threads) {
  to.push_back({"attune", [&] {
                  gemm({s.m, s.n, s.k}, {o.a.data(), s.transposeA ? s.m : s.k, s.transposeA},
                       {o.b.data(), s.transposeB ? s.k : s.n, s.transposeB}, {o.c.data(), s.n},
                       &threads);
                }});
}

#if defined(ATTUNE_HAVE_EIGEN)
using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using View = Eigen::Map<Matrix>;

void eigenProduct(const Shape& s, Operands& o) {
  View c(o.c.data(), s.m, s.n);
  const View a(o.a.data(), s.transposeA ? s.k : s.m, s.transposeA ? s.m : s.k);
  const View b(o.b.data(), s.transposeB ? s.n : s.k, s.transposeB ? s.k : s.n);
  if (s.transposeA)
    c.noalias() = a.transpose() * b;
  else if (s.transposeB)
    c.noalias() = a * b.transpose();
  else
    c.noalias() = a * b;
}
#endif

void addOthers([[maybe_unused]] std::vector<Contender>& to, [[maybe_unused]] const Shape& s,
               [[maybe_unused]] Operands& o) {
#if defined(ATTUNE_HAVE_EIGEN)
  to.push_back({"eigen", [&] { eigenProduct(s, o); }});
#endif
#if defined(ATTUNE_HAVE_OPENBLAS)
  to.push_back({"openblas", [&] {
                  cblas_sgemm(CblasRowMajor, s.transposeA ? CblasTrans : CblasNoTrans,
                              s.transposeB ? CblasTrans : CblasNoTrans, s.m, s.n, s.k, 1,
                              o.a.data(), s.transposeA ? s.m : s.k, o.b.data(),
                              s.transposeB ? s.k : s.n, 0, o.c.data(), s.n);
                }});
#endif
}

void printProduct(const Shape& shape, GemmThreads& threads, size_t laps) {
  Operands operands(shape);
  std::vector<Contender> contenders;
  addAttune(contenders, shape, operands, threads);
  addOthers(contenders, shape, operands);
  const double gflop = 2e-9 * static_cast<double>(shape.m * shape.n * shape.k);
  race(contenders, laps, gflop);
  std::printf(R"({"name":"%s","m":%zu,"n":%zu,"k":%zu)", shape.name, shape.m, shape.n, shape.k);
  for (const Contender& contender : contenders) {
    const Speeds speeds = speedsOf(contender.laps, gflop);
    std::printf(R"(,"%s":{"best":%.1f,"median":%.1f})", contender.name.c_str(), speeds.best,
                speeds.median);
  }
  std::printf("}");
}

void printProducts(GemmThreads& threads, size_t laps) {
  std::printf(R"("gflops":[)");
  const char* separator = "";
  for (const Shape& shape : kShapes) {
    std::printf("%s", separator);
    printProduct(shape, threads, laps);
    separator = ",";
  }
  std::printf("],");
}

/// The loss head of the ML-1M setting: one batch of the 647,430 target positions of an epoch.
struct LossHead {
  static constexpr size_t kTokens = 25600, kItems = 3416, kDimension = 64;
  static constexpr double kEpochTokens = 647430;
  std::vector<float> hidden = randomValues(kTokens * kDimension, 1, 3);
  std::vector<float> items = randomValues(kItems * kDimension, 0.2F, 4);
  std::vector<uint32_t> targets = std::vector<uint32_t>(kTokens);
  std::vector<float> hiddenGradient = std::vector<float>(kTokens * kDimension);
  std::vector<float> itemsGradient = std::vector<float>(kItems * kDimension);
  CrossEntropyScratch scratch;

  LossHead() {
    Random random(7, 5);
    for (uint32_t& target : targets) target = static_cast<uint32_t>(random.below(kItems));
  }
  void run(GemmThreads& threads, Precision precision) {
    crossEntropy({.dimension = kDimension, .hidden = hidden, .items = items, .targets = targets},
                 {.hidden = hiddenGradient, .items = itemsGradient},
                 {.precision = precision, .threads = &threads, .scratch = &scratch});
  }
};

void printLoss(GemmThreads& threads, size_t laps) {
  LossHead head;
  const double gflop = 6e-9 * LossHead::kTokens * LossHead::kItems * LossHead::kDimension;
  std::vector<Contender> contenders;
  contenders.push_back({"f32", [&] { head.run(threads, Precision::f32); }});
  contenders.push_back({"bf16", [&] { head.run(threads, Precision::bf16); }});
  race(contenders, laps, gflop);
  std::printf(R"("lossHead":{"tokens":%zu,"items":%zu,"dimension":%zu)", LossHead::kTokens,
              LossHead::kItems, LossHead::kDimension);
  for (const Contender& contender : contenders) {
    const Speeds speeds = speedsOf(contender.laps, gflop);
    const double epochGflop = gflop * LossHead::kEpochTokens / LossHead::kTokens;
    std::printf(R"(,"%s":{"bestGflops":%.1f,"medianGflops":%.1f,"medianSecondsPerEpoch":%.2f})",
                contender.name.c_str(), speeds.best, speeds.median, epochGflop / speeds.median);
  }
  std::printf("},");
}

/// "model name" of the first processor, or "unknown".
std::string processorName() {
  std::string name = "unknown";
  if (std::FILE* file = std::fopen("/proc/cpuinfo", "r")) {
    char line[256];
    while (std::fgets(line, sizeof line, file) != nullptr) {
      const char* colon = std::strchr(line, ':');
      if (colon == nullptr || std::strncmp(line, "model name", 10) != 0) continue;
      name.assign(colon + 2, std::strcspn(colon + 2, "\n"));
      break;
    }
    std::fclose(file);
  }
  return name;
}

}  // namespace

int main(int argc, char** argv) {
  GemmThreads threads(argc > 1 ? static_cast<unsigned>(std::atoi(argv[1])) : 0);
  const size_t laps = argc > 2 ? static_cast<size_t>(std::max(1, std::atoi(argv[2]))) : 9;
  const std::string what = argc > 3 ? argv[3] : "all";
#if defined(ATTUNE_HAVE_OPENBLAS)
  openblas_set_num_threads(static_cast<int>(threads.count()));
#endif
  std::printf(R"({"benchmark":"nn_kernels","threads":%u,"laps":%zu,)", threads.count(), laps);
#if defined(ATTUNE_HAVE_OPENBLAS)
  // A processor it does not know gets kernels of 2004; OPENBLAS_CORETYPE=SkylakeX mends that.
  std::printf(R"("openblasKernels":"%s",)", openblas_get_corename());
#endif
  if (what != "loss") printProducts(threads, laps);
  if (what != "gemm") printLoss(threads, laps);
  std::printf(R"("instructionSet":"%s","cores":%u,"processor":"%s"})"
              "\n",
              nameOf(instructionSet()), std::thread::hardware_concurrency(),
              processorName().c_str());
  return 0;
}
