// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>

#include "weft/dataflow/conventions.h"
#include "weft/placement/counts.h"
#include "weft/placement/placement.h"

namespace weft {

/// Runs the nest step by step and counts what happens, like walk_words, of which it must give the same integers; but by
/// tiles: at a step each axis of a tile is an explicit set of coordinates, a tile their product, and parts of the nest
/// that see equal tiles are walked once (away from every edge a loop's steps are all alike). So whole layers of real
/// networks take milliseconds. Shares nothing with the model but the values that go in and come out.
/// `steps`: those that the work takes where zeros are skipped (skipping.h); else every step of the nest takes a cycle.
/// `problem` was made with the padding that `conventions` says.
Counts walk(const LoopProblem& problem, const Placement& placement, const Hardware& hardware,
            const Conventions& conventions, const OffchipCode& offchip = {}, std::optional<std::int64_t> steps = {});

}  // namespace weft
