// SPDX-License-Identifier: Apache-2.0
#include "weft/base/thread_pool.h"

#include <sched.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <stdexcept>

namespace weft {
namespace {

namespace fs = std::filesystem;

TEST_CASE("every index runs once, and results stand in their places") {
  for (const int threads : {1, 2, 7}) {
    ThreadPool pool(threads);
    CHECK(pool.threads() == threads);
    for (const std::size_t n : {0, 1, 2, 1000}) {
      const std::vector<std::size_t> squares = pool.parallel_map(n, [](std::size_t i) { return i * i; });
      REQUIRE(squares.size() == n);
      for (std::size_t i = 0; i < n; ++i) CHECK(squares[i] == i * i);
    }
  }
}

TEST_CASE("a pool has at least one thread and at most 1024") {
  CHECK(ThreadPool(0).threads() == 1);
  CHECK(ThreadPool(-5).threads() == 1);
  CHECK(ThreadPool(5000).threads() == 1024);
}

TEST_CASE("of several exceptions that of the lowest index arrives, and all below it have run") {
  for (const int threads : {1, 2, 4}) {
    ThreadPool pool(threads);
    for (int trial = 0; trial < 200; ++trial) {
      std::vector<std::atomic<int>> ran(100);
      const auto body = [&](std::size_t i) {
        ++ran[i];
        if (i == 17 || i == 18 || i == 60) throw std::runtime_error(std::to_string(i));
      };
      CHECK_THROWS_WITH(pool.parallel_for(100, body), "17");
      for (std::size_t i = 0; i <= 17; ++i) CHECK(ran[i] == 1);
    }
  }
}

TEST_CASE("a pool works on after an exception") {
  ThreadPool pool(3);
  CHECK_THROWS(pool.parallel_for(10, [](std::size_t) { throw std::runtime_error("no"); }));
  std::atomic<int> count{0};
  pool.parallel_for(10, [&](std::size_t) { ++count; });
  CHECK(count == 10);
}

TEST_CASE("loops may be nested, and run from several threads at once") {
  ThreadPool pool(3);
  std::atomic<int> count{0};
  const auto nested = [&] {
    pool.parallel_for(8, [&](std::size_t) {
      pool.parallel_for(8, [&](std::size_t) { pool.parallel_for(8, [&](std::size_t) { ++count; }); });
    });
  };
  std::thread other(nested);
  nested();
  other.join();
  CHECK(count == 2 * 8 * 8 * 8);
}

TEST_CASE("the affinity mask limits the CPUs") {
  cpu_set_t before;
  REQUIRE(sched_getaffinity(0, sizeof before, &before) == 0);
  CHECK(available_cpus() <= CPU_COUNT(&before));
  cpu_set_t one;
  CPU_ZERO(&one);
  for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++cpu) {
    if (CPU_ISSET(cpu, &before)) CPU_SET(cpu, &one);
  }
  REQUIRE(sched_setaffinity(0, sizeof one, &one) == 0);
  CHECK(available_cpus() == 1);
  sched_setaffinity(0, sizeof before, &before);
}

// A cgroup file system made of ordinary files.
struct Cgroups {
  std::string root = (fs::temp_directory_path() / ("weft-cgroup-" + std::to_string(getpid()))).string();
  ~Cgroups() { fs::remove_all(root); }
  void write(const std::string& path, const std::string& text) const {
    fs::create_directories(fs::path(root + path).parent_path());
    std::ofstream(root + path) << text;
  }
};

TEST_CASE("cgroup version 2: the least quota of the group and those around it, rounded up") {
  const Cgroups cgroups;
  const auto limit = [&] { return cgroup_cpu_limit("0::/a/b\n", cgroups.root); };
  CHECK(limit() == 0);
  cgroups.write("/a/b/cpu.max", "max 100000\n");
  CHECK(limit() == 0);
  cgroups.write("/a/b/cpu.max", "300000 100000\n");
  CHECK(limit() == 3);
  cgroups.write("/a/b/cpu.max", "300001 100000\n");
  CHECK(limit() == 4);
  cgroups.write("/a/cpu.max", "200000 100000\n");
  CHECK(limit() == 2);
  cgroups.write("/cpu.max", "50000 100000\n");  // the root's own, as a container sees it
  CHECK(limit() == 1);
}

TEST_CASE("cgroup version 1: the group that controls cpu counts, -1 is no quota") {
  const Cgroups cgroups;
  const auto limit = [&] { return cgroup_cpu_limit("5:memory:/m\n4:cpu,cpuacct:/a\n3:cpuset:/s\n", cgroups.root); };
  cgroups.write("/memory/m/cpu.cfs_quota_us", "100000\n");
  cgroups.write("/memory/m/cpu.cfs_period_us", "100000\n");
  CHECK(limit() == 0);
  cgroups.write("/cpu,cpuacct/a/cpu.cfs_quota_us", "-1\n");
  cgroups.write("/cpu,cpuacct/a/cpu.cfs_period_us", "100000\n");
  CHECK(limit() == 0);
  cgroups.write("/cpu,cpuacct/a/cpu.cfs_quota_us", "250000\n");
  CHECK(limit() == 3);
  cgroups.write("/cpu/cpu.cfs_quota_us", "100000\n");  // the same by its other name, at the container's root
  cgroups.write("/cpu/cpu.cfs_period_us", "100000\n");
  CHECK(limit() == 1);
}

TEST_CASE("strange cgroup files set no limit") {
  const Cgroups cgroups;
  cgroups.write("/a/cpu.max", "what is this");
  for (const char* groups : {"", "nonsense", "0:", "0::", "0::relative", "0::/a\n", "::::\n"}) {
    CHECK(cgroup_cpu_limit(groups, cgroups.root) == 0);
  }
  cgroups.write("/a/cpu.max", "100000 0");
  CHECK(cgroup_cpu_limit("0::/a\n", cgroups.root) == 0);
}

}  // namespace
}  // namespace weft
