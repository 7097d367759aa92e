# SPDX-License-Identifier: Apache-2.0
"""Random convolutions and pools, with every way of padding: Weft's output shape must be that of the tensor onnxruntime computes.

What onnxruntime refuses or rounds in its own way is not drawn: SAME with dilation or with strides beyond the kernel, pools padded
by their kernel's extent or more, windows larger than the input."""

import pathlib
import random
import sys
import tempfile

import oracle

oracle.need_onnx()

import numpy  # noqa: E402
import onnx  # noqa: E402
from onnx import TensorProto, helper  # noqa: E402

try:
    import onnxruntime
except ImportError:
    print("skipped: no onnxruntime beside onnx")
    sys.exit(oracle.SKIPPED)

TRIALS = 600
OPSETS = [9, 11, 13, 17, 19, 21, 22]


def has_dilations(op, opset):
    return op in ("Conv", "ConvTranspose") or (op == "MaxPool" and opset >= 10) or (op == "AveragePool" and opset >= 19)


def window_attributes(rng, op, opset, kernel):
    axes = len(kernel)
    attributes = {"strides": [rng.randint(1, 4) for _ in range(axes)]}
    auto_pad = rng.choice(["NOTSET", "NOTSET", "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"])
    if auto_pad != "NOTSET":
        attributes["auto_pad"] = auto_pad
    elif rng.random() < 0.8:
        attributes["pads"] = [rng.randint(0, min(2, k - 1)) for k in kernel * 2]
    if auto_pad.startswith("SAME") and "Pool" in op:
        attributes["strides"] = [min(s, k) for s, k in zip(attributes["strides"], kernel)]
    if has_dilations(op, opset) and not auto_pad.startswith("SAME"):
        attributes["dilations"] = [rng.randint(1, 2) for _ in range(axes)]
    if "Pool" in op:
        attributes["kernel_shape"] = kernel
        if opset >= 10:
            attributes["ceil_mode"] = rng.randint(0, 1)
    return attributes


def random_filters(rng, op, channels, group, kernel):
    shape = [rng.randint(1, 2) * group, channels // group] if op == "Conv" else [channels, rng.randint(1, 2)]
    return onnx.numpy_helper.from_array(numpy.ones(shape + kernel, numpy.float32), "w")


def random_model(rng):
    op, opset, axes, channels = rng.choice(["Conv", "ConvTranspose", "MaxPool", "AveragePool"]), rng.choice(OPSETS), rng.randint(1, 3), 2
    kernel = [rng.randint(1, 4) for _ in range(axes)]
    attributes = window_attributes(rng, op, opset, kernel)
    dilations = attributes.get("dilations", [1] * axes)
    extents = [(k - 1) * d + 1 + rng.randint(0, 8) for k, d in zip(kernel, dilations)]
    inputs, initializers = ["x"], []
    if "Pool" not in op:
        attributes["group"] = rng.choice([1, 2])
        inputs.append("w")
        initializers.append(random_filters(rng, op, channels, attributes["group"], kernel))
    graph = helper.make_graph(
        [helper.make_node(op, inputs, ["y"], "it", **attributes)],
        "random",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, channels, *extents])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        initializers,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8), [1, channels, *extents]


def computed_shape(model, shape):
    """The shape of what onnxruntime computes, or None if it refuses the model."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return list(session.run(None, {"x": numpy.ones(shape, numpy.float32)})[0].shape)
    except Exception:  # onnxruntime raises many types
        return None


def main(tool):
    rng = random.Random(2017)
    failures, refused = [], 0
    with tempfile.TemporaryDirectory() as folder:
        models = [random_model(rng) for _ in range(TRIALS)]
        paths = [pathlib.Path(folder) / f"{number}.onnx" for number in range(TRIALS)]
        for path, (model, _) in zip(paths, models):
            path.write_bytes(model.SerializeToString())
        for (model, shape), answer in zip(models, oracle.infer(tool, paths)):
            found = answer["values"][0]["shape"] if "values" in answer else None
            wanted = computed_shape(model, shape)
            refused += wanted is None
            if found != wanted:
                node = helper.printable_node(model.graph.node[0])
                failures.append(f"{shape} {model.opset_import[0].version} {node}: {answer.get('error', found)}, computed {wanted}")
    oracle.finish(failures, f"{TRIALS - len(failures)} of {TRIALS} agree, {refused} of them refused by onnxruntime")


main(sys.argv[1])
