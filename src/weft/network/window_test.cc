// SPDX-License-Identifier: Apache-2.0
#include "weft/network/window.h"

#include <catch2/catch.hpp>
#include <random>

#include "weft/network/one_node_testing.h"

namespace weft {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)
using Integers = std::vector<std::int64_t>;
using Attributes = std::map<std::string, Attribute>;

Window window_of(const OneNode& wanted) {
  Network net = network_of(wanted);
  infer_shapes(net);
  return window(net, net.nodes[0]);
}

OneNode conv(Shape x, Shape w, Attributes attributes) { return {"Conv", 13, {tensor(x), tensor(w)}, attributes}; }
OneNode pool(Shape x, Attributes attributes, int opset = 13) { return {"MaxPool", opset, {tensor(x)}, attributes}; }
OneNode transposed(Shape x, Shape w, Attributes attributes) {
  return {"ConvTranspose", 13, {tensor(x), tensor(w)}, attributes};
}

}  // namespace

TEST_CASE("AlexNet CONV1: 227 by 227 under 11 by 11 filters of stride 4 gives 55 by 55") {
  CHECK(shape_of(conv({4, 3, 227, 227}, {96, 3, 11, 11}, {{"strides", Integers{4, 4}}})) == Shape{4, 96, 55, 55});
}

TEST_CASE("AlexNet CONV2: two groups, each filter sees half the channels") {
  const Attributes two_groups{{"pads", Integers{2, 2, 2, 2}}, {"group", std::int64_t{2}}};
  CHECK(shape_of(conv({1, 96, 27, 27}, {256, 48, 5, 5}, two_groups)) == Shape{1, 256, 27, 27});
  CHECK(problem_of(conv({1, 96, 27, 27}, {256, 96, 5, 5}, two_groups)) == "network.bad-shape");
  CHECK(problem_of(conv({1, 96, 27, 27}, {255, 48, 5, 5}, two_groups)) == "network.bad-shape");
}

TEST_CASE("every convolution's output extent is the number of places where its window fits") {
  std::mt19937 rng(2017);
  const auto draw = [&](int least, int most) { return std::int64_t(std::uniform_int_distribution(least, most)(rng)); };
  for (int trial = 0; trial < 500; ++trial) {
    const std::int64_t extent = draw(1, 30), kernel = draw(1, 7), stride = draw(1, 5), dilation = draw(1, 3);
    const std::int64_t begin = draw(0, 4), end = draw(0, 4);
    std::int64_t places = 0;  // counted one by one
    for (std::int64_t at = -begin; at + (kernel - 1) * dilation < extent + end; at += stride) ++places;
    const OneNode node =
        conv({1, 1, extent}, {1, 1, kernel},
             {{"strides", Integers{stride}}, {"dilations", Integers{dilation}}, {"pads", Integers{begin, end}}});
    CAPTURE(extent, kernel, stride, dilation, begin, end);
    if (places == 0) {
      CHECK(problem_of(node) == "network.bad-shape");
    } else {
      CHECK(shape_of(node) == Shape{1, 1, places});
    }
  }
}

TEST_CASE("a window may fill the padded input but not exceed it") {
  CHECK(shape_of(conv({1, 1, 5, 5}, {1, 1, 7, 5}, {{"pads", Integers{1, 0, 1, 0}}})) == Shape{1, 1, 1, 1});
  CHECK(problem_of(conv({1, 1, 5, 5}, {1, 1, 8, 5}, {{"pads", Integers{1, 0, 1, 0}}})) == "network.bad-shape");
}

TEST_CASE("convolutions of one and three spatial axes") {
  CHECK(shape_of(conv({2, 16, 50}, {33, 16, 3}, {{"strides", Integers{2}}})) == Shape{2, 33, 24});
  // The example of the framework PyTorch's Conv3d page: kernel 3,5,2, stride 2,1,1, padding 4,2,0 on 10x50x100.
  CHECK(shape_of(conv({20, 16, 10, 50, 100}, {33, 16, 3, 5, 2},
                      {{"strides", Integers{2, 1, 1}}, {"pads", Integers{4, 2, 0, 4, 2, 0}}})) ==
        Shape{20, 33, 8, 50, 99});
}

TEST_CASE("auto_pad SAME pads for ceil(input / stride) outputs, the odd zero at the end it names") {
  const auto same = [](std::string mode) {
    return window_of(conv({1, 1, 5, 6}, {1, 1, 3, 3}, {{"auto_pad", mode}, {"strides", Integers{2, 2}}}));
  };
  // Rows: 3 outputs reach 2*2+3 = 7 = 5+2. Columns: 3 outputs reach 7 = 6+1.
  CHECK(same("SAME_UPPER") == Window{{3, 3}, {2, 2}, {1, 1}, {1, 0}, {1, 1}, {3, 3}});
  CHECK(same("SAME_LOWER") == Window{{3, 3}, {2, 2}, {1, 1}, {1, 1}, {1, 0}, {3, 3}});
  CHECK(same("VALID") == Window{{3, 3}, {2, 2}, {1, 1}, {0, 0}, {0, 0}, {2, 2}});
  CHECK(problem_of(conv({1, 1, 5}, {1, 1, 3}, {{"auto_pad", "SAME"}})) == "network.bad-attribute");
}

TEST_CASE("SAME needs no padding where the stride steps over the rest") {
  const Window w = window_of(conv({1, 1, 7}, {1, 1, 1}, {{"auto_pad", "SAME_UPPER"}, {"strides", Integers{3}}}));
  CHECK(w == Window{{1}, {3}, {1}, {0}, {0}, {3}});
}

TEST_CASE("asymmetric pads are kept apart") {
  const Window w = window_of(conv({1, 1, 8, 8}, {1, 1, 3, 3}, {{"pads", Integers{0, 1, 2, 3}}}));
  CHECK(w.pad_begin == Integers{0, 1});
  CHECK(w.pad_end == Integers{2, 3});
  CHECK(w.output == Shape{8, 10});
}

TEST_CASE("ceil_mode adds the window that hangs over the end") {
  const auto pooled = [](std::int64_t extent, std::int64_t ceil_mode) {
    return shape_of(
        pool({1, 1, extent}, {{"kernel_shape", Integers{3}}, {"strides", Integers{2}}, {"ceil_mode", ceil_mode}}));
  };
  CHECK(pooled(55, 0) == Shape{1, 1, 27});  // AlexNet: divides, so both agree
  CHECK(pooled(55, 1) == Shape{1, 1, 27});
  CHECK(pooled(112, 0) == Shape{1, 1, 55});  // GoogLeNet: Caffe's 56 needs ceil_mode
  CHECK(pooled(112, 1) == Shape{1, 1, 56});
}

TEST_CASE("with ceil_mode a window that would start in the padding at the end is left out") {
  const Attributes attributes{{"kernel_shape", Integers{1}},
                              {"strides", Integers{2}},
                              {"pads", Integers{0, 1}},
                              {"ceil_mode", std::int64_t{1}}};
  // Starts 0, 2, 4: with extent 4 the third is padding alone; with extent 5 it is not.
  CHECK(shape_of(pool({1, 1, 4}, attributes)) == Shape{1, 1, 2});
  CHECK(shape_of(pool({1, 1, 5}, attributes)) == Shape{1, 1, 3});
}

TEST_CASE("with ceil_mode a window may hang over the end of an input smaller than itself") {
  const auto pooled = [](std::int64_t extent) {
    return pool({1, 1, extent},
                {{"kernel_shape", Integers{4}}, {"strides", Integers{3}}, {"ceil_mode", std::int64_t{1}}});
  };
  CHECK(shape_of(pooled(2)) == Shape{1, 1, 1});         // ceil((2 - 4) / 3 + 1) = ceil(1/3)
  CHECK(problem_of(pooled(1)) == "network.bad-shape");  // ceil((1 - 4) / 3 + 1) = 0
}

TEST_CASE("VALID says no padding, and ceil_mode still counts") {
  const auto pooled = [](std::int64_t ceil_mode) {
    return shape_of(pool(
        {1, 1, 3},
        {{"kernel_shape", Integers{2}}, {"strides", Integers{2}}, {"auto_pad", "VALID"}, {"ceil_mode", ceil_mode}}));
  };
  CHECK(pooled(0) == Shape{1, 1, 1});
  CHECK(pooled(1) == Shape{1, 1, 2});
}

TEST_CASE("MaxPool answers the indices too, of type int64") {
  OneNode node = pool({1, 2, 4, 4}, {{"kernel_shape", Integers{2, 2}}, {"strides", Integers{2, 2}}});
  node.outputs = 2;
  CHECK(type_of(node, 1) == TensorType{ElementType::int64, {1, 2, 2, 2}});
}

TEST_CASE("pooling attributes came with later operator sets") {
  const Attributes dilated{{"kernel_shape", Integers{2}}, {"dilations", Integers{2}}};
  CHECK(problem_of(pool({1, 1, 5}, dilated, 9)) == "network.unknown-attribute");
  CHECK(shape_of(pool({1, 1, 5}, dilated, 10)) == Shape{1, 1, 3});
  CHECK(problem_of({"AveragePool", 18, {tensor({1, 1, 5})}, dilated}) == "network.unknown-attribute");
  CHECK(shape_of({"AveragePool", 19, {tensor({1, 1, 5})}, dilated}) == Shape{1, 1, 3});
  CHECK(problem_of(pool({1, 1, 5}, {})) == "network.missing-attribute");
}

TEST_CASE("global pooling's window is the whole feature map") {
  const Window w = window_of({"GlobalAveragePool", 13, {tensor({2, 1000, 13, 14})}});
  CHECK(w.kernel == Integers{13, 14});
  CHECK(shape_of({"GlobalAveragePool", 13, {tensor({2, 1000, 13, 14})}}) == Shape{2, 1000, 1, 1});
}

TEST_CASE("a transposed convolution undoes the extents of the convolution") {
  // DCGAN's layers: 4x4 filters of stride 2 with pad 1 double the extent.
  const Attributes doubling{{"strides", Integers{2, 2}}, {"pads", Integers{1, 1, 1, 1}}};
  CHECK(shape_of(transposed({1, 512, 4, 4}, {512, 256, 4, 4}, doubling)) == Shape{1, 256, 8, 8});
  // (3-1)*3 + output_padding 1 + 3 = 10 and 8, as in the ONNX operator documentation's convtranspose_pad example before
  // its pads.
  CHECK(shape_of(transposed({1, 1, 3, 3}, {1, 2, 3, 3},
                            {{"strides", Integers{3, 2}}, {"output_padding", Integers{1, 1}}})) == Shape{1, 2, 10, 8});
}

TEST_CASE("a transposed convolution's output_shape decides its pads") {
  const Window w = window_of(
      transposed({1, 1, 3, 3}, {1, 2, 3, 3}, {{"strides", Integers{3, 2}}, {"output_shape", Integers{8, 8}}}));
  // Full extents 9 and 7; wanted 8 and 8: one row is cut off, none of the columns.
  CHECK(w.output == Shape{8, 8});
  CHECK(w.pad_begin == Integers{1, 0});
  CHECK(w.pad_end == Integers{0, 0});
}

TEST_CASE("a transposed convolution with SAME multiplies by the stride as far as its filter reaches") {
  const auto same = [](std::int64_t kernel) {
    return window_of(transposed({1, 1, 3}, {1, 1, kernel}, {{"auto_pad", "SAME_UPPER"}, {"strides", Integers{2}}}));
  };
  CHECK(same(3) == Window{{3}, {2}, {1}, {0}, {1}, {6}});  // full extent 2*2+3 = 7
  CHECK(same(1) == Window{{1}, {2}, {1}, {0}, {0}, {5}});  // full extent 5 < 6
}

TEST_CASE("groups of a transposed convolution multiply its filters") {
  CHECK(shape_of(transposed({1, 4, 5}, {4, 3, 1}, {{"group", std::int64_t{2}}})) == Shape{1, 6, 5});
  CHECK(problem_of(transposed({1, 4, 5}, {4, 3, 1}, {{"group", std::int64_t{3}}})) == "network.bad-shape");
}

TEST_CASE("hostile settings of a window are refused without overflow") {
  const std::int64_t huge = INT64_MAX;
  CHECK(problem_of(conv({1, 1, 5}, {1, 1, 3}, {{"strides", Integers{0}}})) == "network.bad-attribute");
  CHECK(problem_of(conv({1, 1, 5}, {1, 1, 3}, {{"dilations", Integers{huge}}})) == "network.bad-attribute");
  CHECK(problem_of(conv({1, 1, 5}, {1, 1, 3}, {{"dilations", Integers{std::int64_t{1} << 31}}})) ==
        "network.bad-shape");
  CHECK(problem_of(conv({1, 1, 5}, {1, 1, 3}, {{"pads", Integers{-1, 0}}})) == "network.bad-attribute");
  CHECK(problem_of(conv({1, 1, 5}, {1, 1, 3}, {{"pads", Integers{1}}})) == "network.bad-attribute");
  CHECK(problem_of(conv({1, 1, 5}, {1, 1, 3}, {{"group", std::int64_t{0}}})) == "network.bad-attribute");
  CHECK(problem_of(conv({1, 1, 5}, {1, 1, 3}, {{"kernel_shape", Integers{2}}})) == "network.bad-shape");
  CHECK(problem_of(conv({1, 1, 5}, {1, 1, 0}, {})) == "network.bad-shape");
  CHECK(problem_of(conv({1, 1}, {1, 1}, {})) == "network.bad-shape");
  CHECK(problem_of(conv({1, 1, 5}, {1, 1, 3, 3}, {})) == "network.bad-shape");
  CHECK(problem_of(transposed({1, 1, std::int64_t{1} << 38}, {1, 1, 3},
                              {{"strides", Integers{std::int64_t{1} << 31}}})) == "network.bad-shape");
  CHECK(problem_of(transposed({1, 1, 2}, {1, 1, 3}, {{"pads", Integers{9, 9}}})) == "network.bad-shape");
}

}  // namespace weft
