// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "weft/base/error.h"
#include "weft/base/units.h"
#include "weft/network/shape_rules.h"
#include "weft/network/window.h"

namespace weft {
namespace {

constexpr std::int64_t kMostSetting = std::int64_t{1}
                                      << 31;  ///< of kernel, stride, dilation and pads: products stay in range

enum class AutoPad { notset, valid, same_upper, same_lower };

/// One spatial axis on the way to its Window entry.
struct Axis {
  std::int64_t input = 0, kernel = 1, stride = 1, dilation = 1, pad_begin = 0, pad_end = 0, output = 0;
  std::int64_t reach() const { return (kernel - 1) * dilation + 1; }  ///< input positions from first to last tap
  std::int64_t padded() const { return input + pad_begin + pad_end; }
};

AutoPad auto_pad(const NodeReader& node) {
  const std::string mode = node.text("auto_pad", "NOTSET");
  if (mode == "NOTSET" || mode.empty()) return AutoPad::notset;
  if (mode == "VALID") return AutoPad::valid;
  if (mode == "SAME_UPPER") return AutoPad::same_upper;
  if (mode == "SAME_LOWER") return AutoPad::same_lower;
  node.bad_attribute(fmt::format("auto_pad is '{}'", mode), "it must be NOTSET, VALID, SAME_UPPER or SAME_LOWER");
}

/// The integers of an attribute with one entry per spatial axis (or `per_axis` of them), each in least..2^31.
std::vector<std::int64_t> settings(const NodeReader& node, std::string_view name, std::size_t n, std::int64_t least,
                                   std::int64_t otherwise) {
  const auto given = node.integers(name);
  if (!given) return std::vector<std::int64_t>(n, otherwise);
  if (given->size() != n) {
    node.bad_attribute(fmt::format("attribute '{}' has {} entries", name, given->size()),
                       fmt::format("it needs {}", n));
  }
  for (const std::int64_t value : *given) {
    if (value < least || value > kMostSetting) {
      node.bad_attribute(fmt::format("attribute '{}' has the entry {}", name, value),
                         fmt::format("entries lie in {}..{}", least, kMostSetting));
    }
  }
  return *given;
}

/// The kernel's extents: those of the filter operand if there is one, which kernel_shape must then repeat.
std::vector<std::int64_t> kernel_extents(const NodeReader& node, std::size_t n, const Shape* filter) {
  if (filter == nullptr) return settings(node, "kernel_shape", n, 1, 1);
  std::vector<std::int64_t> extents(filter->begin() + 2, filter->end());
  if (settings(node, "kernel_shape", n, 0, 1) != extents && node.has_attribute("kernel_shape")) {
    node.bad_shape(fmt::format("kernel_shape disagrees with the filter's shape {}", to_string(*filter)),
                   "leave kernel_shape out, or make it the filter's spatial extents");
  }
  for (const std::int64_t extent : extents) {
    if (extent < 1 || extent > kMostSetting) {
      node.bad_shape(fmt::format("the filter has shape {}", to_string(*filter)),
                     "its spatial extents must be at least 1");
    }
  }
  return extents;
}

/// Kernel, stride, dilation and explicit pads of every spatial axis.
std::vector<Axis> read_axes(const NodeReader& node, const Shape* filter) {
  const Shape& x = node.shape(0);
  const std::size_t n = x.size() - 2;
  const auto kernel = kernel_extents(node, n, filter);
  const auto strides = settings(node, "strides", n, 1, 1);
  const auto dilations = settings(node, "dilations", n, 1, 1);
  const bool use_pads = auto_pad(node) == AutoPad::notset;
  const auto pads = use_pads ? settings(node, "pads", 2 * n, 0, 0) : std::vector<std::int64_t>(2 * n, 0);
  std::vector<Axis> axes(n);
  for (std::size_t i = 0; i < n; ++i) {
    axes[i] = {.input = x[i + 2],
               .kernel = kernel[i],
               .stride = strides[i],
               .dilation = dilations[i],
               .pad_begin = pads[i],
               .pad_end = pads[i + n]};
  }
  return axes;
}

/// Splits `total` padding over both ends; the odd one goes to the end that the mode names.
void split_padding(Axis& axis, std::int64_t total, bool more_at_end) {
  total = std::max<std::int64_t>(total, 0);
  axis.pad_begin = more_at_end ? total / 2 : total - total / 2;
  axis.pad_end = total - axis.pad_begin;
}

[[noreturn]] void refuse_window(const NodeReader& node, const Axis& axis) {
  node.bad_shape(fmt::format("its window spans {} positions, but the padded input has {}", axis.reach(), axis.padded()),
                 "lower kernel_shape or dilations, or raise pads or the input's extent");
}

/// Output extent and pads of a sliding window (Conv and pools).
void slide(const NodeReader& node, Axis& axis, AutoPad mode, bool ceil_mode) {
  if (mode == AutoPad::same_upper || mode == AutoPad::same_lower) {
    axis.output = (axis.input + axis.stride - 1) / axis.stride;
    const std::int64_t needed = (axis.output - 1) * axis.stride + axis.reach();
    return split_padding(axis, needed - axis.input, mode == AutoPad::same_upper);
  }
  const std::int64_t room = axis.padded() - axis.reach();
  if (room < 0 && (!ceil_mode || room <= -axis.stride)) refuse_window(node, axis);
  axis.output = room / axis.stride + 1 + (ceil_mode && room > 0 && room % axis.stride != 0);
  const std::int64_t last_start = (axis.output - 1) * axis.stride;
  if (ceil_mode && last_start >= axis.input + axis.pad_begin) --axis.output;
  if (axis.output < 1) refuse_window(node, axis);
}

std::int64_t checked_extent(const NodeReader& node, Int128 extent, std::int64_t least) {
  if (extent < least || extent > kMaxElements) {
    node.bad_shape(fmt::format("an extent of its output would be {}", to_string(extent)),
                   fmt::format("extents lie in {}..{}", least, kMaxElements));
  }
  return std::int64_t(extent);
}

/// Output extent and pads of a transposed convolution. `wanted` is output_shape's entry, or -1.
void slide_transposed(const NodeReader& node, Axis& axis, AutoPad mode, std::int64_t output_padding,
                      std::int64_t wanted) {
  const Int128 full = Int128{axis.stride} * (axis.input - 1) + output_padding + axis.reach();
  if (wanted < 0 && (mode == AutoPad::notset || mode == AutoPad::valid)) {
    axis.output = checked_extent(node, full - axis.pad_begin - axis.pad_end, 1);
    return;
  }
  // SAME asks for input * stride; where the filter does not reach that far nothing is cut off and nothing added.
  const Int128 same = std::min(Int128{axis.input} * axis.stride, full);
  axis.output = wanted >= 0 ? wanted : checked_extent(node, same, 1);
  split_padding(axis, checked_extent(node, std::max<Int128>(full - axis.output, 0), 0), mode == AutoPad::same_upper);
}

std::vector<Axis> transposed_axes(const NodeReader& node) {
  std::vector<Axis> axes = read_axes(node, &node.shape(1));
  const AutoPad mode = auto_pad(node);
  const auto output_padding = settings(node, "output_padding", axes.size(), 0, 0);
  const auto wanted = settings(node, "output_shape", axes.size(), 0, -1);
  for (std::size_t i = 0; i < axes.size(); ++i) slide_transposed(node, axes[i], mode, output_padding[i], wanted[i]);
  return axes;
}

/// Conv, QLinearConv (`filter` given) and the pools.
std::vector<Axis> sliding_axes(const NodeReader& node, const Shape* filter) {
  std::vector<Axis> axes = read_axes(node, filter);
  const bool ceil_mode = node.flag("ceil_mode", false);
  for (Axis& axis : axes) slide(node, axis, auto_pad(node), ceil_mode);
  return axes;
}

std::vector<Axis> global_axes(const NodeReader& node) {
  std::vector<Axis> axes;
  for (std::size_t i = 2; i < node.rank(0); ++i) {
    axes.push_back({.input = node.shape(0)[i], .kernel = node.shape(0)[i], .output = 1});
  }
  return axes;
}

Window collect(const std::vector<Axis>& axes) {
  Window w;
  for (const Axis& axis : axes) {
    w.kernel.push_back(axis.kernel);
    w.stride.push_back(axis.stride);
    w.dilation.push_back(axis.dilation);
    w.pad_begin.push_back(axis.pad_begin);
    w.pad_end.push_back(axis.pad_end);
    w.output.push_back(axis.output);
  }
  return w;
}

Window window(const NodeReader& node) {
  node.require_least_rank(0, 3);
  if (node.op() == "Conv") return collect(sliding_axes(node, &node.shape(1)));
  if (node.op() == "QLinearConv") return collect(sliding_axes(node, &node.shape(3)));
  if (node.op() == "ConvTranspose") return collect(transposed_axes(node));
  if (node.op() == "MaxPool" || node.op() == "AveragePool") return collect(sliding_axes(node, nullptr));
  WEFT_ASSERT(node.op() == "GlobalAveragePool" || node.op() == "GlobalMaxPool", "the operator has a window");
  return collect(global_axes(node));
}

Shape with_spatial(std::int64_t N, std::int64_t channels, const Shape& spatial) {
  Shape out{N, channels};
  out.insert(out.end(), spatial.begin(), spatial.end());
  return out;
}

std::int64_t groups(const NodeReader& node) {
  const std::int64_t group = node.integer("group", 1);
  if (group < 1) node.bad_attribute(fmt::format("group is {}", group), "it must be at least 1");
  return group;
}

void require_bias(const NodeReader& node, std::size_t operand, std::int64_t M) {
  if (!node.has(operand) || node.shape(operand) == Shape{M}) return;
  node.bad_shape(fmt::format("its bias has shape {}", to_string(node.shape(operand))),
                 fmt::format("it needs one entry for each of the {} output channels", M));
}

/// Conv and QLinearConv: the filter is operand `w`, the bias operand `bias`.
Shape conv_shape(const NodeReader& node, std::size_t w, std::size_t bias) {
  node.require_least_rank(0, 3);
  node.require_rank(w, node.rank(0));
  const Shape &x = node.shape(0), &filter = node.shape(w);
  const std::int64_t group = groups(node), M = filter[0], C = x[1];
  if (C % group != 0 || filter[1] != C / group) {
    node.bad_shape(fmt::format("input {} and filter {} in {} group(s): {} channels meet filters of {}", to_string(x),
                               to_string(filter), group, C, filter[1]),
                   "the input's channels must be the filter's second extent times group");
  }
  if (M % group != 0) {
    node.bad_shape(fmt::format("{} filters do not divide into {} groups", M, group),
                   "make one a multiple of the other");
  }
  require_bias(node, bias, M);
  return with_spatial(x[0], M, window(node).output);
}

}  // namespace

Window window(const Network& network, const Node& node) { return window(NodeReader(network, node)); }

namespace shape_rules {

Types conv(const NodeReader& node) { return {{node.type(0).type, conv_shape(node, 1, 2)}}; }

Types qlinear_conv(const NodeReader& node) { return {{node.type(7).type, conv_shape(node, 3, 8)}}; }

Types conv_transpose(const NodeReader& node) {
  node.require_least_rank(0, 3);
  node.require_rank(1, node.rank(0));
  const Shape &x = node.shape(0), &filter = node.shape(1);
  const std::int64_t group = groups(node);
  if (x[1] != filter[0] || x[1] % group != 0) {
    node.bad_shape(fmt::format("input {} and filter {} in {} group(s)", to_string(x), to_string(filter), group),
                   "the input's channels must be the filter's first extent and a multiple of group");
  }
  const std::int64_t M = checked_extent(node, Int128{filter[1]} * group, 0);
  require_bias(node, 2, M);
  return {{node.type(0).type, with_spatial(x[0], M, window(node).output)}};
}

Types pool(const NodeReader& node) {
  node.require_least_rank(0, 3);
  node.flag("count_include_pad", false);
  node.flag("storage_order", false);
  const Shape out = with_spatial(node.shape(0)[0], node.shape(0)[1], window(node).output);
  return {{node.type(0).type, out}, {ElementType::int64, out}};
}

Types global_pool(const NodeReader& node) {
  node.require_least_rank(0, 3);
  return {{node.type(0).type, with_spatial(node.shape(0)[0], node.shape(0)[1], window(node).output)}};
}

}  // namespace shape_rules
}  // namespace weft
