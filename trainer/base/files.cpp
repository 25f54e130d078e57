#include "trainer/base/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "trainer/base/errors.h"

namespace attune::trainer {
namespace {

constexpr size_t kBufferBytes = 1 << 16;

std::string folderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

int openNameless(const std::string& folder) {
  return ::open(folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
}

/// A rename is durable only once its folder is.
void syncFolder(const std::string& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

}  // namespace

std::string systemErrorText(int code) { return std::strerror(code); }

std::ifstream openForReading(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0)
    throw UserError("cannot read " + path + ": " + systemErrorText(errno));
  if (S_ISDIR(status.st_mode)) throw UserError("cannot read " + path + ": it is a folder");
  std::ifstream in(path, std::ios::binary);
  if (!in) throw UserError("cannot read " + path + ": " + systemErrorText(errno));
  return in;
}

std::string readTextFile(const std::string& path, size_t maxBytes) {
  std::ifstream in = openForReading(path);
  std::string text(maxBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) throw UserError("cannot read " + path + ": input/output error");
  text.resize(static_cast<size_t>(in.gcount()));
  if (text.size() > maxBytes)
    throw UserError(path + " is longer than the " + std::to_string(maxBytes) +
                    " bytes allowed here: is it the right file?");
  return text;
}

void writeFileAtomically(const std::string& path, std::string_view bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

AtomicFile::AtomicFile(std::string path)
    : path_(std::move(path)),
      partPath_(path_ + ".part"),
      descriptor_(openNameless(folderOf(path_))) {
  if (descriptor_ >= 0) return;
  if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL) fail(errno);
  nameless_ = false;
  descriptor_ = ::open(partPath_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail(errno);
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!nameless_ && !committed_) ::unlink(partPath_.c_str());
}

void AtomicFile::write(std::string_view bytes) {
  buffer_.append(bytes);
  if (buffer_.size() >= kBufferBytes) flush();
}

void AtomicFile::flush() {
  for (size_t done = 0; done < buffer_.size();) {
    const ssize_t wrote = ::write(descriptor_, buffer_.data() + done, buffer_.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) fail(errno);
    done += static_cast<size_t>(wrote);
  }
  buffer_.clear();
}

void AtomicFile::linkNameless() {
  ::unlink(partPath_.c_str());  // linkat replaces nothing; a left-over would stop it
  const std::string from = "/proc/self/fd/" + std::to_string(descriptor_);
  if (::linkat(AT_FDCWD, from.c_str(), AT_FDCWD, partPath_.c_str(), AT_SYMLINK_FOLLOW) != 0)
    fail(errno);
}

void AtomicFile::commit() {
  flush();
  if (::fsync(descriptor_) != 0) fail(errno);
  if (nameless_) linkNameless();
  if (std::rename(partPath_.c_str(), path_.c_str()) != 0) {
    const int code = errno;
    ::unlink(partPath_.c_str());
    fail(code);
  }
  committed_ = true;
  syncFolder(folderOf(path_));
}

void AtomicFile::fail(int code) const {
  throw UserError("cannot write " + path_ + ": " + systemErrorText(code));
}

}  // namespace attune::trainer
