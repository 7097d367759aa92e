// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "weft/metrics/evaluation.h"
#include "weft/tensor/run_length.h"

namespace weft {

/// The machine's codec for values of so many bits; nothing if it has none.
std::optional<RunLengthCode> link_code(const Hardware& hardware, std::int64_t value_bits);

/// `bits` a value as a share of its dense width; a map that would grow is left as it is.
std::int64_t code_parts(double bits, std::int64_t dense_bits);

/// The codes of each layer's feature maps, by what the statistics say of them. Where they say nothing of an ofmap, it
/// has the zeros of the ifmaps that it becomes, the fewest if several layers read it (through layers that do not
/// multiply: pooling only loses zeros, so this is not less traffic than there is). Everything dense where the machine
/// has no codec.
std::vector<OffchipCode> offchip_codes(const Network& network, const std::vector<Layer>& layers,
                                       const Hardware& hardware, const ActivationStatistics& statistics);

/// Bytes that so many words of a tensor take off chip, compressed as `code` says; rounded up.
Int128 coded_bytes(Int128 words, Tensor3 t, const Hardware& hardware, const OffchipCode& code);

}  // namespace weft
