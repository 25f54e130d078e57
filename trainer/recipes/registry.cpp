#include <stdexcept>

#include "trainer/recipes/hrnn.h"
#include "trainer/recipes/popularity_count.h"
#include "trainer/recipes/recipe.h"
#include "trainer/recipes/sims.h"
#include "trainer/recipes/user_personalization.h"

namespace attune::trainer {

std::unique_ptr<Recipe> makeRecipe(const std::string& name) {
  if (name == "popularity-count") return std::make_unique<PopularityCountRecipe>();
  if (name == "sims") return std::make_unique<SimsRecipe>();
  if (name == "user-personalization") return std::make_unique<UserPersonalizationRecipe>();
  if (name == "hrnn") return std::make_unique<HrnnRecipe>(HrnnRecipe::Kind::events);
  if (name == "hrnn-metadata") return std::make_unique<HrnnRecipe>(HrnnRecipe::Kind::metadata);
  if (name == "hrnn-coldstart") return std::make_unique<HrnnRecipe>(HrnnRecipe::Kind::coldStart);
  // One model answers both kinds of request: a list for a user, and a given list in a user's order.
  for (const char* one : {"user-personalization", "user-personalization-v2", "personalized-ranking",
                          "personalized-ranking-v2"})
    if (name == one) return std::make_unique<UserPersonalizationRecipe>();
  throw std::logic_error("schemas/recipes.json names a recipe that nobody makes: " + name);
}

}  // namespace attune::trainer
