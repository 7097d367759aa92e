// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace weft {

/// CPUs this process may use: those of its affinity mask, no more than its cgroups' CPU quota rounded up. At least 1.
int available_cpus();

/// The threads that `jobs` asks for: 0 stands for as many as there are CPUs available.
int threads_for(int jobs);

/// The quota that the cgroups of a process set, in CPUs rounded up, or 0 for none. Reads version 2 (cpu.max) and
/// version 1 (cpu.cfs_quota_us, cpu.cfs_period_us), of the process's group and those around it.
///   groups  the text of /proc/self/cgroup
///   root    where the cgroup file systems are mounted: "/sys/fs/cgroup"
int cgroup_cpu_limit(std::string_view groups, const std::string& root);

/// A fixed number of threads that share loops. The thread that calls works too, so a pool of 1 starts none.
class ThreadPool {
 public:
  explicit ThreadPool(int threads = available_cpus());  ///< clamped to 1 .. 1024
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return int(workers_.size()) + 1; }

  /// Runs body(0) ... body(n - 1), each once, in any order and on any thread, and returns when all are done. If bodies
  /// throw, the exception of the lowest index that throws is rethrown here, whatever the number of threads; indices
  /// above it may be left out, those below it are not. A body may call parallel_for of the same pool.
  void parallel_for(std::size_t n, const std::function<void(std::size_t)>& body);

  /// make(0) ... make(n - 1), in this order. T must be default-constructible (and not bool).
  template <class Make>
  auto parallel_map(std::size_t n, Make make) {
    std::vector<decltype(make(std::size_t{0}))> results(n);
    parallel_for(n, [&](std::size_t i) { results[i] = make(i); });
    return results;
  }

 private:
  struct Loop;
  void work();
  std::shared_ptr<Loop> find_loop() const;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::shared_ptr<Loop>> loops_;  // that may still have indices to hand out
  bool stopping_ = false;
  std::vector<std::thread> workers_;
};

}  // namespace weft
