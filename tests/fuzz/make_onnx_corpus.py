# SPDX-License-Identifier: Apache-2.0
"""Writes corpus/onnx_fuzz: small models that between them use every part of the format that the reader knows. Needs onnx.

usage: make_onnx_corpus.py FOLDER"""

import pathlib
import sys

import onnx
from onnx import AttributeProto, TensorProto, helper


def tensor(name, element, dims, values, raw=False):
    return helper.make_tensor(name, element, dims, values, raw)


def ones(name, dims):
    count = 1
    for extent in dims:
        count *= extent
    return tensor(name, TensorProto.FLOAT, dims, [1.0] * count)


def model(nodes, inputs, outputs, initializers=(), opset=13, **extra):
    graph = helper.make_graph(
        nodes,
        "seed",
        [helper.make_tensor_value_info(name, element, dims) for name, element, dims in inputs],
        [helper.make_tensor_value_info(name, element, dims) for name, element, dims in outputs],
        list(initializers),
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8, **extra)


X = ("x", TensorProto.FLOAT, [1, 2, 6, 6])


def y(*dims):
    return "y", TensorProto.FLOAT, list(dims)


def one_node(op, output, opset=13, inputs=("x",), initializers=(), **attributes):
    return model([helper.make_node(op, inputs, ["y"], op, **attributes)], [X], [output], initializers, opset)


def windows():
    yield "conv", one_node("Conv", y(1, 4, 3, 3), inputs=("x", "w", "b"), strides=[2, 2], pads=[1, 1, 0, 0], group=2,
                           initializers=[ones("w", [4, 1, 2, 2]), ones("b", [4])])
    yield "conv_same", one_node("Conv", y(1, 1, 6, 6), inputs=("x", "w"), auto_pad="SAME_UPPER", dilations=[1, 1],
                                initializers=[ones("w", [1, 2, 3, 3])])
    yield "conv_transpose", one_node("ConvTranspose", y(1, 1, 13, 13), inputs=("x", "w"), strides=[2, 2], output_padding=[1, 1],
                                     initializers=[ones("w", [2, 1, 2, 2])])
    yield "max_pool", one_node("MaxPool", y(1, 2, 3, 3), kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)
    yield "average_pool", one_node("AveragePool", y(1, 2, 5, 5), kernel_shape=[2, 2], count_include_pad=1)
    yield "global_pool", one_node("GlobalAveragePool", y(1, 2, 1, 1))


def elementwise():
    yield "batch_norm", one_node("BatchNormalization", y(1, 2, 6, 6), inputs=("x", "s", "s", "s", "s"), epsilon=1e-3,
                                 initializers=[ones("s", [2])])
    yield "lrn", one_node("LRN", y(1, 2, 6, 6), size=3, alpha=1e-4)
    yield "clip_6", one_node("Clip", y(1, 2, 6, 6), opset=7, min=0.0, max=6.0)
    yield "clip_11", one_node("Clip", y(1, 2, 6, 6), inputs=("x", "", "m"), initializers=[tensor("m", TensorProto.FLOAT, [], [6.0])])
    yield "mul", one_node("Mul", y(1, 2, 6, 6), inputs=("x", "s"), initializers=[ones("s", [2, 1, 1])])
    yield "softmax", one_node("Softmax", y(1, 2, 6, 6), axis=-1)


def shapes():
    yield "flatten", one_node("Flatten", y(1, 72))
    yield "reshape", one_node("Reshape", y(1, 72), inputs=("x", "t"), initializers=[tensor("t", TensorProto.INT64, [2], [0, -1])])
    yield "transpose", one_node("Transpose", y(6, 6, 2, 1), perm=[3, 2, 1, 0])
    yield "pad", one_node("Pad", y(1, 2, 8, 6), inputs=("x", "p"), mode="reflect",
                          initializers=[tensor("p", TensorProto.INT64, [8], [0, 0, 1, 0, 0, 0, 1, 0])])
    yield "slice", one_node("Slice", y(1, 2, 2, 6), inputs=("x", "s", "e", "a", "t"), initializers=[
        tensor("s", TensorProto.INT64, [1], [-1]), tensor("e", TensorProto.INT64, [1], [0]),
        tensor("a", TensorProto.INT32, [1], [2]), tensor("t", TensorProto.INT64, [1], [-3])])
    yield "split", model([helper.make_node("Split", ["x"], ["y", "z"], axis=2, num_outputs=2)], [X], [y(1, 2, 3, 6)], opset=18)
    yield "concat", model([helper.make_node("Concat", ["x", "x"], ["y"], axis=1)], [X], [y(1, 4, 6, 6)])
    yield "chain", model([
        helper.make_node("Shape", ["x"], ["shape"]),
        helper.make_node("Gather", ["shape", "zero"], ["batch"]),
        helper.make_node("Unsqueeze", ["batch"], ["list"], axes=[0]),
        helper.make_node("Constant", [], ["rest"], value=tensor("", TensorProto.INT64, [1], [-1])),
        helper.make_node("Concat", ["list", "rest"], ["target"], axis=0),
        helper.make_node("Reshape", ["x", "target"], ["y"]),
    ], [("x", TensorProto.FLOAT, ["N", 2, 6, 6])], [("y", TensorProto.FLOAT, ["N", 72])],
        [tensor("zero", TensorProto.INT64, [], [0])], opset=11)


def weights():
    fields = [(TensorProto.FLOAT, [1.0, 2.0]), (TensorProto.DOUBLE, [1.0, 2.0]), (TensorProto.INT8, [-1, 2]),
              (TensorProto.UINT16, [1, 2]), (TensorProto.FLOAT16, [1.0, 2.0]), (TensorProto.BFLOAT16, [1.0, 2.0]),
              (TensorProto.INT64, [1, -2]), (TensorProto.UINT64, [1, 2]), (TensorProto.BOOL, [True, False]),
              (TensorProto.INT4, [1, -2]), (TensorProto.FLOAT8E4M3FN, [1.0, 2.0])]
    tensors = [tensor(f"w{number}", element, [2], values) for number, (element, values) in enumerate(fields)]
    tensors.append(tensor("raw", TensorProto.INT32, [2], (1).to_bytes(4, "little") * 2, raw=True))
    yield "typed_fields", model([helper.make_node("Relu", ["x"], ["y"])], [X], [y(1, 2, 6, 6)], tensors, opset=21)
    listed = model([helper.make_node("Gemm", ["a", "b", "c"], ["y"], transB=1, alpha=0.5)],
                   [("a", TensorProto.FLOAT, [1, 3]), ("b", TensorProto.FLOAT, [2, 3])], [y(1, 2)], [ones("b", [2, 3]), ones("c", [2])])
    yield "listed_inputs", listed
    raw = tensor("w", TensorProto.FLOAT, [1], b"\0\0\x80?", raw=True)
    outside = model([helper.make_node("Add", ["x", "w"], ["y"])], [X], [y(1, 2, 6, 6)], [raw])
    onnx.external_data_helper.set_external_data(outside.graph.initializer[0], "weights.bin", 0, 4)
    outside.graph.initializer[0].ClearField("raw_data")
    outside.graph.initializer[0].data_location = TensorProto.EXTERNAL
    yield "external", outside
    yield "quantised", model([helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"]),
                              helper.make_node("DequantizeLinear", ["q", "s", "z"], ["y"])], [X], [y(1, 2, 6, 6)],
                             [tensor("s", TensorProto.FLOAT, [], [0.1]), tensor("z", TensorProto.INT8, [], [0])])


def refused():
    yield "cycle", model([helper.make_node("Add", ["x", "b"], ["a"]), helper.make_node("Relu", ["a"], ["b"])], [X], [y(1)])
    yield "unsorted", model([helper.make_node("Relu", ["a"], ["y"]), helper.make_node("Tanh", ["x"], ["a"])], [X], [y(1, 2, 6, 6)])
    yield "foreign", model([helper.make_node("Fused", ["x"], ["y"], domain="com.example")], [X], [y(1)])
    body = helper.make_graph([], "body", [], [])
    node = helper.make_node("If", ["x"], ["y"], then_branch=body)
    node.attribute.append(helper.make_attribute("reference", 1))
    node.attribute[-1].ref_attr_name = "outer"
    yield "subgraph", model([node], [X], [y(1)])
    function = helper.make_function("com.example", "F", ["a"], ["b"], [helper.make_node("Relu", ["a"], ["b"])],
                                    [helper.make_opsetid("", 13)])
    yield "function", model([helper.make_node("Relu", ["x"], ["y"])], [X], [y(1, 2, 6, 6)], functions=[function])
    sequence = helper.make_graph([], "s", [helper.make_tensor_sequence_value_info("x", TensorProto.FLOAT, [1])], [])
    yield "sequence", helper.make_model(sequence, opset_imports=[helper.make_opsetid("", 13)])
    texts = model([helper.make_node("Constant", [], ["y"], value_strings=["a", "b"])], [X], [("y", TensorProto.STRING, [2])])
    texts.graph.node[0].attribute[0].type = AttributeProto.STRINGS
    yield "texts", texts


def main(folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for group in (windows, elementwise, shapes, weights, refused):
        for name, proto in group():
            (folder / f"{name}.onnx").write_bytes(proto.SerializeToString(deterministic=True))


main(sys.argv[1])
