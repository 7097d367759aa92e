# SPDX-License-Identifier: Apache-2.0
"""Every node test of the onnx package that uses only Weft's operators: the shapes and types that Weft infers must be those of
the outputs that come with the test."""

import collections
import pathlib
import sys
import tempfile
import warnings

import oracle

oracle.need_onnx()

import onnx  # noqa: E402
from onnx.backend.test.case import node as node_cases  # noqa: E402

OPERATORS = set(
    """Conv ConvTranspose Gemm MatMul BatchNormalization LRN MaxPool AveragePool GlobalAveragePool GlobalMaxPool Relu
    LeakyRelu PRelu Elu Sigmoid Tanh HardSigmoid HardSwish Clip Softmax LogSoftmax Add Sub Mul Div Sum Max Concat Split
    Slice Pad Flatten Reshape Squeeze Unsqueeze Transpose ReduceMean Dropout Identity Constant ConstantOfShape Shape Gather
    Cast QuantizeLinear DequantizeLinear QLinearConv QLinearMatMul""".split()
)

# Operands whose values decide the output's shape; run-time inputs in the tests, constants in a network.
SHAPE_OPERANDS = {
    "Reshape": [1],
    "Slice": [1, 2, 3, 4],
    "Split": [1],
    "Squeeze": [1],
    "Unsqueeze": [1],
    "Pad": [1, 3],
    "ReduceMean": [1],
    "ConstantOfShape": [0],
}

# Weft refuses these; the reason is printed with the count.
OLDEST_OPSET = 7


def why_skipped(case):
    graph = case.model.graph
    if any(opset.version < OLDEST_OPSET for opset in case.model.opset_import if opset.domain in ("", "ai.onnx")):
        return "opset older than 7"
    for value in [*graph.input, *graph.output]:
        if value.type.WhichOneof("value") != "tensor_type":
            return value.type.WhichOneof("value")
    return None


def selected():
    cases, skipped = [], collections.Counter()
    for case in node_cases.collect_testcases(None):
        nodes = case.model.graph.node
        if not {n.op_type for n in nodes} <= OPERATORS or any(n.domain not in ("", "ai.onnx") for n in nodes):
            continue
        reason = why_skipped(case)
        if reason:
            skipped[f"{reason} ({case.name})"] += 1
        else:
            cases.append(case)
    return cases, skipped


def as_tensor(value, name):
    tensor = onnx.TensorProto()
    if isinstance(value, onnx.TensorProto):
        tensor.CopyFrom(value)
    else:
        tensor.CopyFrom(onnx.numpy_helper.from_array(value))
    tensor.name = name
    return tensor


def deciding_inputs(graph):
    """Names of the values from which operands that decide shapes are computed (what Shape answers is known anyway)."""
    writers = {output: n for n in graph.node for output in n.output}
    open_names = [n.input[i] for n in graph.node for i in SHAPE_OPERANDS.get(n.op_type, []) if i < len(n.input)]
    found = set()
    while open_names:
        name = open_names.pop()
        if name in found:
            continue
        found.add(name)
        writer = writers.get(name)
        if writer is not None and writer.op_type != "Shape":
            open_names.extend(writer.input)
    return found


def bind_shape_operands(model, inputs):
    """A copy of the model in which inputs that decide shapes are initialisers with the test's values."""
    model = onnx.ModelProto.FromString(model.SerializeToString())
    needed = deciding_inputs(model.graph)
    for value, declared in zip(inputs, list(model.graph.input)):
        if declared.name in needed:
            model.graph.initializer.append(as_tensor(value, declared.name))
    return model


def expected_type(value, declared):
    if isinstance(value, onnx.TensorProto):
        return oracle.ELEMENT_NAMES[value.data_type], list(value.dims)
    # Arrays of types that numpy has no name for come as wider ones; the declared element type says which.
    return oracle.ELEMENT_NAMES[declared.type.tensor_type.elem_type], list(value.shape)


def forget_declared_shapes(model):
    """The outputs' declarations would be compared by the importer; here the data are the only judge."""
    for output in model.graph.output:
        output.type.tensor_type.ClearField("shape")


def main(tool):
    warnings.simplefilter("ignore")
    cases, skipped = selected()
    failures, paths, expected = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        for case in cases:
            for number, (inputs, outputs) in enumerate(case.data_sets):
                model = bind_shape_operands(case.model, inputs)
                expected.append([expected_type(v, d) for v, d in zip(outputs, model.graph.output)])
                forget_declared_shapes(model)
                paths.append(pathlib.Path(folder) / f"{case.name}_{number}.onnx")
                paths[-1].write_bytes(model.SerializeToString())
        for path, wanted, answer in zip(paths, expected, oracle.infer(tool, paths)):
            found = [(v["type"], v["shape"]) for v in answer.get("values", [])]
            if found != wanted:
                failures.append(f"{path.stem}: {answer.get('error', found)}, expected {wanted}")
    for reason, count in sorted(skipped.items()):
        print(f"skipped {count}: {reason}")
    oracle.finish(failures, f"{len(paths) - len(failures)} of {len(paths)} data sets of {len(cases)} node tests agree, "
                            f"{sum(skipped.values())} skipped (onnx {onnx.__version__})")


if __name__ == "__main__":
    main(sys.argv[1])
