#include "trainer/server/child_process.h"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

using namespace attune::trainer;  // NOLINT: tests

namespace {

struct Folder {
  std::string path = (std::filesystem::temp_directory_path() / "attune-child-XXXXXX").string();
  Folder() { REQUIRE(::mkdtemp(path.data()) != nullptr); }
  ~Folder() { std::filesystem::remove_all(path); }
};

struct Shell {
  Folder folder;
  StopSignal stop;
  std::string output = folder.path + "/output";

  ProcessEnd run(const std::string& script, const ProcessLimits& limits = {}) {
    return runProcess("/bin/sh", {"sh", "-c", script}, output, limits, stop);
  }
  std::string said() const {
    std::ifstream in(output);
    return {std::istreambuf_iterator<char>(in), {}};
  }
};

}  // namespace

TEST_CASE("a process that ends well says so, and its outputs are in the file") {
  Shell shell;
  const ProcessEnd end = shell.run("echo out; echo err >&2; cat");
  CHECK(end.isGood());
  CHECK(end.peakBytes > 0);
  CHECK(shell.said() == "out\nerr\n");
}

TEST_CASE("exit codes, signals and programs that are not there are told apart") {
  Shell shell;
  CHECK(shell.run("exit 2").toText() == "exit code 2");
  const ProcessEnd crashed = shell.run("kill -SEGV $$");
  CHECK((!crashed.isGood() && crashed.signal == SIGSEGV && crashed.exitCode == -1));
  CHECK(runProcess("/nowhere/attune", {"attune"}, shell.output, {}, shell.stop).exitCode == 127);
}

TEST_CASE("a process that hangs is killed, even when it will not end") {
  Shell shell;
  const ProcessEnd end =
      shell.run("trap '' TERM; while :; do sleep 0.1; done", {.maxSeconds = 0.2});
  CHECK((end.timedOut && end.signal == SIGKILL && !end.isGood()));
}

TEST_CASE("the stop signal ends a process and what it started") {
  Shell shell;
  std::thread stopping([&shell] {
    while (shell.said().find("up") == std::string::npos)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    shell.stop.stop();
  });
  const ProcessEnd end = shell.run("sleep 600 & echo $! up; wait");
  stopping.join();
  CHECK((end.stopped && !end.isGood()));
  const pid_t inner = std::stoi(shell.said());
  for (int i = 0; i < 200 && ::kill(inner, 0) == 0; ++i) {  // somebody has still to reap it
    std::ifstream state("/proc/" + std::to_string(inner) + "/stat");
    std::string text{std::istreambuf_iterator<char>(state), {}};
    if (text.find(") Z") != std::string::npos) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    REQUIRE(i < 199);
  }
}

TEST_CASE("a process has the memory and the niceness that it was given") {
  Shell shell;
  const ProcessEnd end = shell.run("ulimit -v; nice", {.niceness = 7, .memoryBytes = 512 << 20});
  CHECK(end.isGood());
  const int before = ::nice(0);
  CHECK(shell.said() == "524288\n" + std::to_string(std::min(19, before + 7)) + "\n");
}

TEST_CASE("a process gets no file of this one, and acts on SIGPIPE as any other") {
  Shell shell;
  const int file =
      ::open("/dev/null", O_RDONLY);  // without O_CLOEXEC, as a library's socket may be
  REQUIRE(::dup2(file, 200) == 200);
  std::signal(SIGPIPE, SIG_IGN);
  CHECK(shell.run("test ! -e /proc/self/fd/200").isGood());
  CHECK(shell.run("kill -PIPE $$").signal == SIGPIPE);
  std::signal(SIGPIPE, SIG_DFL);
  ::close(file);
  ::close(200);
}

// AddressSanitizer needs more addresses than any limit worth testing leaves.
#ifndef __SANITIZE_ADDRESS__
TEST_CASE("attune that eats more memory than it may says so in one line") {
  Shell shell;
  const ProcessEnd end = runProcess(
      ATTUNE_BINARY,
      {"attune", "synth", "--world", "shop", "--users", "400000", "--items", "400000",
       "--interactions", "4000000", "--seed", "1", "--output", shell.folder.path + "/world"},
      shell.output, {.memoryBytes = 96 << 20}, shell.stop);
  CHECK(end.exitCode == 2);
  CHECK(shell.said() == "attune: out of memory\n");
}
#endif
