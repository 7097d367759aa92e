// SPDX-License-Identifier: Apache-2.0
#include "weft/base/thread_pool.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <fstream>
#include <limits>
#include <sstream>

namespace weft {
namespace {

constexpr int kMostThreads = 1024;

int affinity_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return int(std::max(1U, std::thread::hardware_concurrency()));
  return std::max(1, CPU_COUNT(&set));
}

// Microseconds of CPU time a group may use in each period.
struct Quota {
  double used = 0;
  double period = 0;
};

// CPUs rounded up, 0 for "no limit".
int cpus(const Quota& quota) {
  if (quota.used <= 0 || quota.period <= 0 || quota.used / quota.period > kMostThreads) return 0;
  return std::max(1, int((quota.used + quota.period - 1) / quota.period));
}

Quota read_version_2(const std::string& folder) {
  std::ifstream file(folder + "/cpu.max");
  Quota quota;
  file >> quota.used >> quota.period;  // "max 100000" fails to read, and stays 0
  return file ? quota : Quota{};
}

Quota read_version_1(const std::string& folder) {
  Quota quota;
  std::ifstream(folder + "/cpu.cfs_quota_us") >> quota.used;  // -1: none
  std::ifstream(folder + "/cpu.cfs_period_us") >> quota.period;
  return quota;
}

int smaller_limit(int a, int b) { return a == 0 || b == 0 ? std::max(a, b) : std::min(a, b); }

// The least limit of group `path` ("/a/b") and the groups around it. In a container the path may not be visible under
// `root`, but the root's own files then speak for the container.
int least_limit(const std::string& root, std::string path, Quota (*read)(const std::string&)) {
  int limit = cpus(read(root));
  while (path.size() > 1) {
    limit = smaller_limit(limit, cpus(read(root + path)));
    path.resize(path.find_last_of('/'));
  }
  return limit;
}

bool lists_cpu(const std::string& controllers) {
  std::istringstream list(controllers);
  for (std::string controller; std::getline(list, controller, ',');) {
    if (controller == "cpu") return true;
  }
  return false;
}

}  // namespace

// Each line is "number:controllers:path"; version 2 is the line "0::path".
int cgroup_cpu_limit(std::string_view groups, const std::string& root) {
  int limit = 0;
  std::istringstream lines{std::string(groups)};
  for (std::string line; std::getline(lines, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string path = line.substr(second + 1);
    if (!path.starts_with('/')) continue;
    if (controllers.empty()) {
      limit = smaller_limit(limit, least_limit(root, path, read_version_2));
    } else if (lists_cpu(controllers)) {
      limit = smaller_limit(limit, least_limit(root + "/" + controllers, path, read_version_1));
      limit = smaller_limit(limit, least_limit(root + "/cpu", path, read_version_1));
    }
  }
  return limit;
}

int available_cpus() {
  std::ifstream file("/proc/self/cgroup");
  std::ostringstream groups;
  groups << file.rdbuf();
  return smaller_limit(affinity_cpus(), cgroup_cpu_limit(groups.str(), "/sys/fs/cgroup"));
}

int threads_for(int jobs) { return jobs > 0 ? jobs : available_cpus(); }

// One parallel_for under way. Indices are handed out in increasing order, so when one throws all those below it have
// been handed out already and will finish: the lowest that throws is found however the threads run.
struct ThreadPool::Loop {
  std::size_t n;
  const std::function<void(std::size_t)>& body;
  std::atomic<std::size_t> next{0};
  std::atomic<std::size_t> lowest_failure{std::numeric_limits<std::size_t>::max()};
  std::mutex mutex;
  std::condition_variable idle;
  int active = 0;  // threads in run()
  std::exception_ptr failure;

  Loop(std::size_t count, const std::function<void(std::size_t)>& function) : n(count), body(function) {}

  bool has_more() const { return next < n && next < lowest_failure; }

  void run() {
    for (std::size_t i = next++; i < n && i < lowest_failure; i = next++) {
      try {
        body(i);
      } catch (...) {
        keep_failure(i);
      }
    }
  }
  void keep_failure(std::size_t i) {
    const std::lock_guard lock(mutex);
    if (i >= lowest_failure) return;
    lowest_failure = i;
    failure = std::current_exception();
  }
  void enter() {
    const std::lock_guard lock(mutex);
    ++active;
  }
  void leave() {
    const std::lock_guard lock(mutex);
    if (--active == 0) idle.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex);
    idle.wait(lock, [&] { return active == 0; });
  }
};

ThreadPool::ThreadPool(int threads) {
  for (int i = 1; i < std::clamp(threads, 1, kMostThreads); ++i) workers_.emplace_back([this] { work(); });
}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

// The youngest first: it is the one that others wait for when loops are nested.
std::shared_ptr<ThreadPool::Loop> ThreadPool::find_loop() const {
  const auto found = std::find_if(loops_.rbegin(), loops_.rend(), [](const auto& loop) { return loop->has_more(); });
  return found == loops_.rend() ? nullptr : *found;
}

void ThreadPool::work() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const std::shared_ptr<Loop> loop = find_loop();
    if (loop == nullptr) {
      wake_.wait(lock);
      continue;
    }
    loop->enter();  // under mutex_: parallel_for takes the loop out before it waits, so none enters later
    lock.unlock();
    loop->run();
    loop->leave();
    lock.lock();
  }
}

void ThreadPool::parallel_for(std::size_t n, const std::function<void(std::size_t)>& body) {
  const auto loop = std::make_shared<Loop>(n, body);
  if (n > 1 && !workers_.empty()) {
    const std::lock_guard lock(mutex_);
    loops_.push_back(loop);
    wake_.notify_all();
  }
  loop->run();
  {
    const std::lock_guard lock(mutex_);
    loops_.erase(std::remove(loops_.begin(), loops_.end(), loop), loops_.end());
  }
  loop->wait();
  if (loop->failure) std::rethrow_exception(loop->failure);
}

}  // namespace weft
