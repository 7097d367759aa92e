// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "weft/network/network.h"

/// The zoo's networks, one function each. Every one takes the name that the network shall have, has batch 1, inferred
/// shapes and ends where inference ends: auxiliary classifiers are left out. Layers carry the names people know them
/// by.
namespace weft::build {

/// LeCun, Bottou, Bengio, Haffner, "Gradient-based learning applied to document recognition", Proc. IEEE 86(11), 1998,
/// Fig. 2. The image is 28 x 28 within 32 x 32. C5 is written as the fully connected layer it is for this size of
/// input, and the Euclidean radial basis functions at the end as a product with the same 840 numbers.
enum class C3 { full, by_table };  ///< third layer: all 96 pairs of maps, or the 60 of the paper's Table I
Network lenet5(std::string_view name, C3 c3);
/// The network of Caffe's MNIST example (examples/mnist/lenet.prototxt).
Network lenet5_caffe(std::string_view name);

/// Krizhevsky, Sutskever, Hinton, "ImageNet classification with deep convolutional neural networks", NIPS 2012; conv2,
/// conv4 and conv5 in two groups. 227 pixels, as Caffe and the survey have it: with the 224 of the text and no padding
/// there are not 55 outputs.
Network alexnet(std::string_view name);
/// Sermanet et al., "OverFeat: integrated recognition, localization and detection using convolutional networks", ICLR
/// 2014, Table 1 (fast) and Table 3 (accurate).
Network overfeat_fast(std::string_view name);
Network overfeat_accurate(std::string_view name);
/// Simonyan, Zisserman, "Very deep convolutional networks for large-scale image recognition", ICLR 2015, Table 1.
/// `depth` convolutions at each of the five sizes: D (VGG-16) is 2,2,3,3,3, E (VGG-19) is 2,2,4,4,4.
Network vgg(std::string_view name, const std::array<int, 5>& depth);

/// Szegedy et al., "Going deeper with convolutions", CVPR 2015, Table 1.
Network googlenet(std::string_view name);
/// Szegedy, Vanhoucke, Ioffe, Shlens, Wojna, "Rethinking the Inception architecture for computer vision", CVPR 2016, in
/// the form in which its weights were published (299 pixels, factorised 7x7 in the four middle modules).
Network inception_v3(std::string_view name);

/// He, Zhang, Ren, Sun, "Deep residual learning for image recognition", CVPR 2016, Table 1: `blocks` in the stages 2
/// to 5.
enum class Block {
  basic,              ///< 3x3, 3x3
  bottleneck,         ///< 1x1, 3x3, 1x1; the first 1x1 has the stride (the paper's network)
  bottleneck_stride3  ///< the 3x3 has the stride ("v1.5", Goyal et al. 2017 and torchvision)
};
Network resnet(std::string_view name, Block block, const std::array<int, 4>& blocks);

/// Iandola et al., "SqueezeNet", arXiv:1602.07360, Table 1, and version 1.1 of the authors' repository.
Network squeezenet_1_0(std::string_view name, std::int64_t resolution);
Network squeezenet_1_1(std::string_view name, std::int64_t resolution);

/// Howard et al., "MobileNets", arXiv:1704.04861, Table 1; every layer has `width` times its channels, rounded down, at
/// least 8.
Network mobilenet_v1(std::string_view name, double width, std::int64_t resolution);
/// Sandler et al., "MobileNetV2: inverted residuals and linear bottlenecks", CVPR 2018, Table 2.
Network mobilenet_v2(std::string_view name);
/// Chollet, "Xception: deep learning with depthwise separable convolutions", CVPR 2017, Fig. 5.
Network xception(std::string_view name);

}  // namespace weft::build
