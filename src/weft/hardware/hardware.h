// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "weft/base/rounding.h"
#include "weft/base/units.h"
#include "weft/base/yaml.h"
#include "weft/hardware/components.h"

namespace weft {

/// The streams that a node carries. Those of one node may share its bandwidth or have wires of their own.
/// psum_down is a partial sum read back towards the compute node, psum_up one on its way out.
enum class Stream : std::uint8_t { ifmap, weight, psum_down, psum_up };
inline constexpr int kStreams = 4;
inline constexpr std::array<std::string_view, kStreams> kStreamNames = {"ifmap", "weight", "psum_down", "psum_up"};

/// Bandwidth of a node: one figure that all its streams share, or one for each stream that is limited.
struct Bandwidths {
  std::optional<Bandwidth> shared;
  std::array<std::optional<Bandwidth>, kStreams> own;

  const std::optional<Bandwidth>& of(Stream stream) const {
    return shared ? shared : own[static_cast<std::size_t>(stream)];
  }
};

/// What happens to the next tile while this one is in use. `capacity` is what one tile may fill, in every case.
enum class Buffering : std::uint8_t {
  single,  ///< it waits: the transfer stalls what is inside
  ahead,   ///< "double": it arrived before it was wanted, while the one before was in use
  stream   ///< it arrives word by word as the old one is used up (a FIFO ahead of the store)
};

/// The tensors as hardware files call them, in the order of everything here that there are three of.
inline constexpr std::array<std::string_view, 3> kTensorWords = {"ifmap", "weight", "psum"};

/// One flag for each tensor.
using TensorFlags = std::array<bool, 3>;

/// The dimensions that partial sums do not depend on, and one flag for each.
inline constexpr std::array<std::string_view, 3> kReductionWords = {"C", "R", "S"};
using ReductionFlags = std::array<bool, 3>;
inline constexpr ReductionFlags kAddsNothing{false, false, false}, kAddsAll{true, true, true};

/// How an off-chip store's feature maps are compressed on the link: runs of zeros, and the values that end them, in
/// words (tensor/run_length.h). A map that would grow stays as it is, and so do partial sums that come back.
struct LinkCodec {
  int run_bits = 5;
  int word_bits = 64;
  TensorFlags tensors{true, false, true};
};

struct StoreNode {
  std::optional<Bytes> capacity;  ///< none: as much as is wanted (off-chip memory)
  std::int64_t width_bits = 0;    ///< bits an access moves; 0: that of the component's price
  bool offchip = false;
  TensorFlags keeps{true, true, true};  ///< which tensors it may hold
  std::array<Buffering, 3> buffering{Buffering::single, Buffering::single, Buffering::single};
  bool hold_iteration = false;     ///< operands' tiles are given up at every step of the loops outside
  bool refetch_halo = false;       ///< an overlap of two window tiles is fetched again
  std::optional<LinkCodec> codec;  ///< off-chip stores only
};

struct FanoutAxis {
  std::string name;
  std::int64_t size = 1;
};

/// An array of equal children, each of them everything further in.
struct FanoutNode {
  std::vector<FanoutAxis> axes;
  TensorFlags multicast{true, true, true};
  TensorFlags links{true, true, true};  ///< tensors whose words pay a hop; others have wires priced with their store
  ReductionFlags reduces{};             ///< partial sums of children along these are added on the way out
  std::int64_t children() const;
};

struct ComputeNode {};

/// The arithmetic of a MAC. Products have twice the bits of their operands; they are cut to the accumulator's binary
/// point and added. A finished sum is rounded to the code of the next layer's ifmap, and saturates there.
struct Arithmetic {
  int accumulator_bits = 0;  ///< of partial sums, in the PE and wherever they are stored; 0: those of `bits: {psum}`
  Rounding products = Rounding::nearest;
  Rounding ofmap = Rounding::nearest;
  Excess overflow = Excess::saturate;
};

/// Power that is spent whether anything happens or not: a clock network, leakage. Priced a cycle.
struct StaticNode {};

enum class NodeKind : std::uint8_t { store, fanout, compute, statics };

/// One node of the tree. The tree is written as a list, outermost first; a fanout multiplies everything after it.
/// Stores between the same two fanouts stand side by side: their order means nothing unless they keep the same tensor.
struct HardwareNode {
  std::string name;
  NodeKind kind = NodeKind::store;
  std::string component;
  StoreNode store;
  FanoutNode fanout;
  Bandwidths bandwidth;
  Place where;
};

/// A hardware description: a file of `kind: hardware` with its component library.
struct Hardware {
  std::string name, description, source;
  std::string technology, voltage;  ///< as written: "65 nm", "1 V"
  Hertz clock{1e9};
  std::string conventions = "weft";              ///< how its authors count; any command can say otherwise
  std::string objective = "energy";              ///< what its mappings make least, unless a command says otherwise
  std::string dataflow;                          ///< name of the dataflow its mappings follow
  Place conventions_where, dataflow_where;       ///< of those names in the file
  std::array<std::int64_t, 3> bits{16, 16, 16};  ///< code width of ifmap, weight, psum
  Arithmetic arithmetic;
  bool gates_zeros = false;  ///< a MAC whose ifmap value is zero, and the accesses only it needs, cost nothing
  bool skips_zeros = false;  ///< and take no time either: a PE goes on to the next (implies gates_zeros)
  std::optional<SquareMillimetres> published_area;
  std::vector<HardwareNode> nodes;
  ComponentLibrary components;

  int accumulator_bits() const {
    return arithmetic.accumulator_bits > 0 ? arithmetic.accumulator_bits : static_cast<int>(bits[2]);
  }
  /// The codec of the off-chip store, if it has one.
  const LinkCodec* codec() const;
  const HardwareNode* find(std::string_view node_name) const;
  std::size_t compute_index() const;
  /// How many of this node there are: the product of the fanouts outside it.
  std::int64_t instances(std::size_t node) const;
  std::int64_t pes() const { return instances(compute_index()); }
};

/// Reads and checks a hardware file; collects every problem before it throws Error (hardware.*, components.*, yaml.*,
/// file.*). The component library is looked for beside the file, then in the data directory.
Hardware read_hardware(const std::string& path);

/// What can be read but not meant, each with its place: fanouts of one child, stores that keep nothing or have no room
/// for a word, bandwidths of tensors that never pass. None of it keeps a mapping from being costed.
std::vector<Problem> doubts(const Hardware& hardware);

/// By name from the data directory, or by path (with a '/' or ending in .yaml). Throws Error (hardware.unknown) with
/// near spellings.
Hardware load_hardware(const std::string& name_or_path);
/// Names of the hardware files in the data directory, sorted.
std::vector<std::string> hardware_names();

/// Energy of one word of `word_bits` moved by an action of a node, in millionths of the library's unit: the price of an
/// access shared among the words it moves. "An element is never split": words an access = width / bits, rounded down,
/// at least 1.
Int128 energy_per_word(const Price& price, std::int64_t word_bits);
/// The price of a node's action; an action without a row is free only where `optional`, else Error
/// (components.no-price).
std::optional<Price> price_of(const Hardware& hardware, const HardwareNode& node, std::string_view action);

/// One line of the area table.
struct AreaLine {
  std::string node;
  std::int64_t instances = 1;
  SquareMillimetres total;
  std::string source;
};
/// Area on chip by node. Nodes whose component has no area row are left out.
std::vector<AreaLine> area_table(const Hardware& hardware);

}  // namespace weft
