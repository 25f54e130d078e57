#include "trainer/cli/commands.h"

#include "trainer/cli/evaluate_command.h"
#include "trainer/cli/filter_command.h"
#include "trainer/cli/gate_command.h"
#include "trainer/cli/import_command.h"
#include "trainer/cli/inspect_command.h"
#include "trainer/cli/key_commands.h"
#include "trainer/cli/publish_command.h"
#include "trainer/cli/recommend_command.h"
#include "trainer/cli/serve_command.h"
#include "trainer/cli/synth_command.h"
#include "trainer/cli/tracker_command.h"
#include "trainer/cli/train_command.h"
#include "trainer/cli/update_command.h"
#include "trainer/cli/user_commands.h"

namespace attune::trainer {

void addCommands(CLI::App& app, std::function<void()>& run) {
  addImportCommand(app, run);
  addTrainCommand(app, run);
  addUpdateCommand(app, run);
  addEvaluateCommand(app, run);
  addRecommendCommand(app, run);
  addFilterCommand(app, run);
  addInspectCommand(app, run);
  addGateCommand(app, run);
  addPublishCommands(app, run);
  addKeyCommands(app, run);
  addSynthCommand(app, run);
  addServeCommand(app, run);
  addTrackerCommand(app, run);
  addUserCommands(app, run);
}

}  // namespace attune::trainer
