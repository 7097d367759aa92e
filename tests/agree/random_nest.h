// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "weft/base/random.h"
#include "weft/dataflow/conventions.h"
#include "weft/dataflow/mapping.h"
#include "weft/hardware/hardware.h"

namespace weft::agree {

/// How many of `wanted` random trials to make: an eighth where every access is checked and slow.
int trials(int wanted);

/// The seed of a long run: WEFT_SEED if that is set.
std::uint64_t seed(std::uint64_t usual);

/// A small convolution, sometimes strided, dilated, grouped, padded, or a matrix product.
ConvShape random_shape(Random& random);

/// Two to four levels of stores, up to two fanouts, any keeps, buffering, multicast and reduction. Every action
/// costs 1.
Hardware random_hardware(Random& random);

/// Along which dimensions an array adds partial sums: all, none, or some.
ReductionFlags random_reductions(Random& random);

/// Puts a store of its own prices inside what the machine has so far: any buffering, halo and bandwidth. `bytes` 0: any
/// amount fits.
void add_store(Random& random, Hardware& hardware, const std::string& name, TensorFlags keeps, std::int64_t bytes);

/// Ends the machine with a compute node and a static one, "clock", and prices MACs and the hops of component "net".
void add_macs(Random& random, Hardware& hardware);

/// Any conventions at all, or one of the presets.
Conventions random_conventions(Random& random);

/// A mapping of the problem on the machine: random tile chains (imperfect ones and folds too), random order, storage
/// points of the tensors anywhere the tree allows, so that they interleave.
Mapping random_mapping(Random& random, const LoopProblem& problem, const Hardware& hardware);

/// The triple as text, so that a failing trial can be made a test.
std::string describe(const ConvShape& shape, const Hardware& hardware, const Mapping& mapping, const Conventions& how);

}  // namespace weft::agree
