#pragma once

#include <limits>
#include <string>
#include <vector>

#include "runtime/base/random.h"
#include "trainer/data/dataset.h"

namespace attune::trainer {

constexpr uint32_t kWorldUsers = 240;
constexpr uint32_t kItemsPerGroup = 5;

inline const char* tasteOf(uint32_t user) { return user % 2 == 0 ? "blue" : "red"; }

/// "tv-red-3": the item's group says in which circumstances, and by which users, it is taken.
inline std::string itemOf(const std::string& device, const std::string& taste, uint32_t number) {
  return device + "-" + taste + "-" + std::to_string(number);
}

inline void addValue(Column& column, const std::string& value) {
  if (column.offsets.empty()) column.offsets.push_back(0);
  column.codes.push_back(column.values.add(value));
  column.offsets.push_back(static_cast<uint32_t>(column.codes.size()));
}

/// Users take the items of their TASTE (a column of the users) for the DEVICE of the moment (a
/// context column), which changes from event to event by chance, so that no history tells it. A
/// user's AGE is 20 for blue and 50 for red, give or take 5; a NOTE says nothing.
inline Dataset queryWorld() {
  Random random(17, 1);
  Dataset data;
  Column taste{.name = "TASTE", .kind = ColumnKind::categorical};
  Column age{.name = "AGE", .kind = ColumnKind::integer};
  Column note{.name = "NOTE", .kind = ColumnKind::text};
  Column device{.name = "DEVICE", .kind = ColumnKind::categorical};
  Interactions& events = data.interactions;
  for (uint32_t user = 0; user < kWorldUsers; ++user) {
    data.users.add("u" + std::to_string(user));
    addValue(taste, tasteOf(user));
    age.numbers.push_back((user % 2 == 0 ? 20 : 50) + static_cast<int>(random.below(11)) - 5);
    note.texts.emplace_back("anything");
  }
  for (int64_t round = 0; round < 10; ++round)
    for (uint32_t user = 0; user < kWorldUsers; ++user) {
      const std::string on = random.below(2) == 0 ? "phone" : "tv";
      addValue(device, on);
      events.user.push_back(user);
      events.item.push_back(data.items.add(itemOf(on, tasteOf(user), random.below(kItemsPerGroup))));
      events.timestamp.push_back(1000 * round + user);
      events.eventType.push_back(StringTable::kNone);
      events.eventValue.push_back(std::numeric_limits<float>::quiet_NaN());
    }
  data.userColumns = {taste, age, note};
  events.columns = {device};
  return data;
}

}  // namespace attune::trainer
