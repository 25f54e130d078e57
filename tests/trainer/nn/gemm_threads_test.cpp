#include "trainer/nn/gemm_threads.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <stdexcept>
#include <string>
#include <vector>

using namespace attune::trainer;

TEST_CASE("every task runs once, whatever their number and the threads'") {
  for (const unsigned count : {1U, 2U, 5U}) {
    GemmThreads threads(count);
    CHECK(threads.count() == count);
    for (size_t round = 0; round < 300; ++round) {
      const size_t tasks = round % 17;
      std::vector<std::atomic<int>> runs(tasks);
      threads.run(tasks, [&](size_t task) { ++runs[task]; });
      for (const auto& times : runs) REQUIRE(times == 1);
    }
  }
}

TEST_CASE("the exception of the first task that threw comes back, and the threads stay usable") {
  GemmThreads threads(3);
  for (int round = 0; round < 50; ++round) {
    std::string caught;
    try {
      threads.run(20, [](size_t task) {
        if (task >= 4) throw std::runtime_error(std::to_string(task));
      });
    } catch (const std::runtime_error& error) {
      caught = error.what();
    }
    REQUIRE(caught == "4");
  }
  std::atomic<size_t> sum{0};
  threads.run(10, [&](size_t task) { sum += task; });
  CHECK(sum == 45);
}

TEST_CASE("a call from inside a task, or from another thread meanwhile, runs all its tasks too") {
  GemmThreads threads(3);
  std::atomic<size_t> runs{0};
  threads.run(20, [&](size_t) { threads.run(10, [&](size_t) { ++runs; }); });
  CHECK(runs == 200);
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&] {
      for (int round = 0; round < 100; ++round) threads.run(5, [&](size_t) { ++runs; });
    });
  }
  for (std::thread& caller : callers) caller.join();
  CHECK(runs == 200 + 4 * 100 * 5);
}

TEST_CASE("without threads the tasks run in order on the caller") {
  std::vector<size_t> order;
  runTasks(nullptr, 4, [&](size_t task) { order.push_back(task); });
  CHECK(order == std::vector<size_t>{0, 1, 2, 3});
}
