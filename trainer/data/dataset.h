#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace attune::trainer {

/// Strings numbered in the order of their first appearance. Byte-exact: nothing is normalised.
class StringTable {
 public:
  static constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();

  /// The number of `text`, adding it when it is new.
  uint32_t add(std::string_view text);
  /// The number of `text`, or kNone.
  uint32_t find(std::string_view text) const;
  const std::string& operator[](uint32_t index) const { return strings_[index]; }
  uint32_t size() const { return static_cast<uint32_t>(strings_.size()); }

 private:
  /// A place of the open-addressing table; a part of the hash spares most looks at the strings.
  struct Slot {
    uint32_t number = kNone;
    uint32_t hash = 0;
  };

  size_t slotOf(std::string_view text, uint64_t hash) const;
  void grow();

  std::deque<std::string> strings_;  // which never move
  std::vector<Slot> slots_;          // a power of two, at most half of them taken
};

/// How a metadata column's values are kept.
enum class ColumnKind : uint8_t {
  categorical,  ///< string with `categorical: true`: any number of values a row, split at `|`
  integer,      ///< int, long
  real,         ///< float, double
  boolean,
  text,     ///< plain string: returned and filtered, never trained on
  textual,  ///< string with `textual: true`: trained on as text, never filtered
};

/// One metadata column over all rows of a table; which members are filled depends on `kind`.
struct Column {
  std::string name;
  ColumnKind kind = ColumnKind::text;
  bool itemName = false;        ///< the display name of an item (a schema may name one column)
  std::vector<double> numbers;  ///< (rows) integer, real, boolean as 0 or 1; NaN where null
  StringTable values;           ///< the different values of a categorical column
  std::vector<uint32_t>
      offsets;  ///< (rows + 1) categorical: row r has codes[offsets[r]..offsets[r+1])
  std::vector<uint32_t> codes;  ///< indexes into `values`, in the order given, each once a row
  std::vector<std::string>
      texts;  ///< (rows) text, textual; empty where null (null and "" are one in CSV)
};

/// Where an interaction came from, as far as protection against poisoning must know it.
struct EventOrigin {
  uint32_t source = 0;    ///< a network in one week, from 1; 0: imported, which is trusted
  int32_t day = 0;        ///< that the collector received it on, days since 1970
  bool verified = false;  ///< the user is sure: by a token, or by the trusted tracker it came from
};

/// Interactions in columns, sorted by timestamp; equal timestamps keep the order of their import.
struct Interactions {
  std::vector<uint32_t> user;      ///< (n) index into Dataset::users
  std::vector<uint32_t> item;      ///< (n) index into Dataset::items
  std::vector<int64_t> timestamp;  ///< (n) seconds since 1970
  std::vector<uint32_t>
      eventType;  ///< (n) index into Dataset::eventTypes; StringTable::kNone where null
  std::vector<float> eventValue;  ///< (n) NaN where null or where the schema has no EVENT_VALUE
  std::vector<Column> columns;    ///< the schema's own further columns (context)
  std::vector<float> weight;  ///< (n) what each says of its user's liking, or empty for 1 each
  std::vector<EventOrigin> origin;  ///< (n), or empty where no collected event is left to judge
  size_t size() const { return user.size(); }
};

/// How often users were deleted from a store (UserData::remove), and the mark that tells it from
/// other stores; none before the first deletion.
struct Deletions {
  uint64_t count = 0;
  std::string mark = {};

  bool operator==(const Deletions&) const = default;
};

/// Everything a recipe learns from: interned ids, interactions in time order, metadata by row.
/// Immutable once loaded; safe to read from several threads.
struct Dataset {
  StringTable users;
  StringTable items;  ///< those of the Items dataset first, then those only interactions name
  uint32_t listedItems = 0;  ///< how many of `items` the Items dataset lists
  StringTable eventTypes;
  Interactions interactions;
  std::vector<Column> itemColumns;  ///< one row an item, in the order of `items`
  std::vector<Column> userColumns;  ///< one row a user, in the order of `users`
  Deletions deletions;              ///< Store::deletions of the moment that was read
};

}  // namespace attune::trainer
