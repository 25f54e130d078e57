// What a shop sells: departments, styles with a usual price, and names that no two items share.

#include "trainer/data/synthetic_parts.h"

namespace attune::trainer::synthetic {
namespace {

constexpr uint32_t kMaterials = 8;

struct Style {
  const char* name;  ///< CATEGORY_L2
  const char* noun;  ///< in a title
  int64_t priceCents;
};

struct Department {
  const char* name;  ///< CATEGORY_L1
  bool gendered;     ///< whether some of it is for women or for men
  std::array<Style, kStyles> styles;
  std::array<const char*, kMaterials> materials;  ///< in a title
  const char* promise;                            ///< the second sentence of a description
};

constexpr std::array<Department, kDepartments> kShop = {{
    {"accessories",
     true,
     {{{"backpacks", "backpack", 8900},
       {"bags", "tote bag", 4900},
       {"hats", "beanie", 2400},
       {"scarves", "scarf", 3500},
       {"watches", "watch", 14900}}},
     {"canvas", "leather", "cotton", "wool", "felt", "waxed", "striped", "olive"},
     "Made to be carried every day and to look better for it."},
    {"clothing",
     true,
     {{{"dresses", "dress", 7900},
       {"jackets", "jacket", 12900},
       {"jumpers", "jumper", 6900},
       {"shirts", "shirt", 4900},
       {"trousers", "trousers", 6400}}},
     {"linen", "cotton", "wool", "denim", "flannel", "jersey", "corduroy", "merino"},
     "Cut for moving and sewn to be mended."},
    {"garden",
     false,
     {{{"benches", "bench", 18900},
       {"feeders", "bird feeder", 2600},
       {"planters", "planter", 3400},
       {"tools", "trowel", 1900},
       {"watering", "watering can", 2900}}},
     {"copper", "steel", "oak", "zinc", "cedar", "bamboo", "slate", "painted"},
     "Stands outside in all weathers."},
    {"kitchen",
     false,
     {{{"boards", "cutting board", 2900},
       {"bowls", "bowl", 1900},
       {"mugs", "mug", 1400},
       {"pans", "saucepan", 5900},
       {"teapots", "teapot", 3900}}},
     {"enamel", "copper", "stoneware", "steel", "walnut", "glass", "beech", "speckled"},
     "Easy to clean and hard to break."},
    {"lighting",
     false,
     {{{"candles", "candle holder", 1900},
       {"floor-lamps", "floor lamp", 15900},
       {"lanterns", "lantern", 3900},
       {"pendants", "pendant light", 8900},
       {"table-lamps", "table lamp", 6900}}},
     {"brass", "paper", "oak", "opal", "rattan", "smoked", "marble", "cork"},
     "A warm light where it is needed and none where it is not."},
    {"shoes",
     true,
     {{{"boots", "boots", 13900},
       {"loafers", "loafers", 9900},
       {"sandals", "sandals", 5900},
       {"slippers", "slippers", 3900},
       {"trainers", "trainers", 8900}}},
     {"leather", "suede", "canvas", "knit", "cork", "nubuck", "felt", "woven"},
     "Soles that can be replaced when you have walked them down."},
    {"sport",
     false,
     {{{"balls", "ball", 2400},
       {"bikes", "bicycle", 64900},
       {"mats", "yoga mat", 3900},
       {"rackets", "racket", 8400},
       {"weights", "dumbbells", 4400}}},
     {"carbon", "alloy", "cork", "rubber", "ash", "nylon", "trail", "club"},
     "Good enough for the season and friendly to beginners."},
    {"toys",
     false,
     {{{"bears", "bear", 2400},
       {"blocks", "building blocks", 2900},
       {"kites", "kite", 1900},
       {"puzzles", "puzzle", 1400},
       {"trains", "train", 3400}}},
     {"wooden", "painted", "pocket", "plush", "beech", "paper", "tin", "magnetic"},
     "Safe for small hands and fun for large ones."},
}};

constexpr std::array<const char*, 16> kNames = {
    "Alder", "Birch",   "Clover",  "Dune", "Ember",  "Fjord",  "Grove", "Harbour",
    "Isle",  "Juniper", "Kestrel", "Lark", "Meadow", "Nordic", "Otter", "Pebble"};

constexpr uint32_t kNewDays = 30;
constexpr uint32_t kPlentiful = 40;

const Style& styleRow(uint32_t item) { return kShop[departmentOf(item)].styles[styleOf(item)]; }

/// "Fjord wool scarf"; "Fjord wool scarf 2" once a style has used all its names.
std::string titleOf(const SyntheticOptions& options, uint32_t item) {
  const Department& department = kShop[departmentOf(item)];
  constexpr uint32_t kTitles = kNames.size() * kMaterials;  // a power of two
  const uint32_t place = item / kDepartments / kStyles;
  const uint32_t shift =
      Random(options.seed, kProductStream, item % (kDepartments * kStyles)).below(kTitles);
  const uint32_t title = (place * 45 + shift) % kTitles;  // odd: meets every one before one again
  const uint32_t round = place / kTitles;
  return std::string(kNames[title % kNames.size()]) + ' ' +
         department.materials[title / kNames.size()] + ' ' + styleRow(item).noun +
         (round == 0 ? "" : ' ' + std::to_string(round + 1));
}

std::string describe(const std::string& title, const Department& department, uint32_t opening) {
  constexpr std::array<const char*, 4> kOpenings = {"Our ", "The well-known ",
                                                    "A new look for the ", "Back by request: the "};
  return kOpenings[opening] + title + ". " + department.promise;
}

}  // namespace

int64_t usualPriceCents(uint32_t item) { return styleRow(item).priceCents; }

SyntheticItem makeProduct(const SyntheticOptions& options, uint32_t item) {
  Random random(options.seed, kItemStream, item);
  const Department& department = kShop[departmentOf(item)];
  const int64_t usual = styleRow(item).priceCents;
  SyntheticItem made;
  made.title = titleOf(options, item);
  made.category = department.name;
  made.style = styleRow(item).name;
  // Six to sixteen tenths of the usual price, five hundredths below a whole number.
  made.priceCents = (usual * (60 + random.below(101)) / 100 + 50) / 100 * 100 - 5;
  made.creationTimestamp = isNew(item)
                               ? options.end - kSecondsPerDay * (1 + random.below(kNewDays - 1))
                               : startOf(options) - kSecondsPerDay * (1 + random.below(365));
  const uint32_t third = random.below(3);
  if (department.gendered) made.gender = third == 0 ? "F" : third == 1 ? "M" : "";
  made.promoted = random.below(12) == 0;
  made.stock = random.below(12) == 0 ? 0 : 1 + random.below(kPlentiful);
  made.description = describe(made.title, department, random.below(4));
  return made;
}

std::string makeGender(const SyntheticOptions& options, uint32_t user) {
  return Random(options.seed, kUserStream, user + (uint64_t{1} << 33)).below(2) == 0 ? "F" : "M";
}

}  // namespace attune::trainer::synthetic
