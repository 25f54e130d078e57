#include "trainer/base/bounded_queue.h"

#include <catch2/catch.hpp>
#include <thread>
#include <vector>

using namespace attune::trainer;

TEST_CASE("values pass from thread to thread in order, and the end is told") {
  BoundedQueue<int> queue(2);
  std::thread producer([&] {
    for (int i = 0; i < 1000; ++i) queue.push(i);
    queue.close();
  });
  std::vector<int> got;
  while (const auto value = queue.pop()) got.push_back(*value);
  producer.join();
  REQUIRE(got.size() == 1000);
  CHECK((got.front() == 0 && got.back() == 999));
}

TEST_CASE("closing wakes a producer that waits for room") {
  BoundedQueue<int> queue(1);
  REQUIRE(queue.push(1));
  bool accepted = true;
  std::thread producer([&] { accepted = queue.push(2); });
  queue.close();
  producer.join();
  CHECK_FALSE(accepted);
  CHECK(queue.pop() == 1);
  CHECK_FALSE(queue.pop());
}
