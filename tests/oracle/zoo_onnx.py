# SPDX-License-Identifier: Apache-2.0
"""Networks of the zoo, exported: the onnx checker accepts each file, onnxruntime runs it and finds the output's shape that Weft
infers, weights and MACs counted here from the file's own tensors are those that Weft prints, and Weft reads the same network back.

usage: zoo_onnx.py WEFT NETWORK...   ("--large": all that are not in SMALL)"""

import json
import math
import pathlib
import subprocess
import sys
import tempfile

import oracle

oracle.need_onnx()

import onnx  # noqa: E402

try:
    import numpy
    import onnxruntime
except ImportError:
    print("skipped: no onnxruntime or numpy beside onnx (scripts/setup.sh --tests installs them)")
    sys.exit(oracle.SKIPPED)

SMALL = ["lenet5", "lenet5-table", "lenet5-caffe", "squeezenet1.0", "squeezenet1.1-224", "mobilenet-v1-0.25-128", "mobilenet-v2",
         "googlenet"]


def weft(*arguments):
    return subprocess.run(arguments, check=True, capture_output=True, text=True).stdout


def count(model):
    """Weights and MACs of Conv and Gemm nodes, from the shapes that onnx's own inference finds."""
    shapes = {i.name: list(i.dims) for i in model.graph.initializer}
    for value in [*model.graph.value_info, *model.graph.input, *model.graph.output]:
        shapes[value.name] = [d.dim_value for d in value.type.tensor_type.shape.dim]
    weights = macs = 0
    for node in model.graph.node:
        if node.op_type not in ("Conv", "Gemm"):
            continue
        w = shapes[node.input[1]]  # Conv: M, C/G, R, S; Gemm with transB: M, K
        weights += math.prod(w)
        macs += math.prod(shapes[node.output[0]]) * math.prod(w[1:])
    return {"weights": weights, "macs": macs}


def counted_without_values(path):
    """The model as onnx infers it, without Weft's own declarations and without holding the weights twice."""
    model = onnx.load(path)
    model.graph.ClearField("value_info")
    for initializer in model.graph.initializer:
        if math.prod(initializer.dims) > 1024:
            initializer.ClearField("raw_data")
            initializer.ClearField("float_data")
    return onnx.shape_inference.infer_shapes(model)


def check(tool, name, path):
    """What is wrong with one network's export."""
    weft(tool, "net", "export", name, "-o", str(path), "-q")
    onnx.checker.check_model(str(path))
    report = json.loads(weft(tool, "inspect", name, "--json"))
    again = json.loads(weft(tool, "inspect", str(path), "--json"))
    session = onnxruntime.InferenceSession(str(path))
    data = session.get_inputs()[0]
    image = numpy.random.default_rng(2017).random(data.shape, dtype=numpy.float32)
    result = session.run(None, {data.name: image})[0]
    counts = count(counted_without_values(path))
    if list(result.shape) != report["outputs"][0]["shape"]:
        yield f"onnxruntime's output is {list(result.shape)}, Weft infers {report['outputs'][0]['shape']}"
    if not numpy.isfinite(result).all() or (result == result.flat[0]).all():
        yield "the output is not a number, or the same everywhere"
    for key, value in counts.items():
        if report["totals"][key] != value:
            yield f"{key}: counted {value}, Weft prints {report['totals'][key]}"
    for key in ("totals", "layers", "other_layers", "inputs", "outputs"):
        if report[key] != again[key]:
            yield f"read back, its '{key}' differ"


def main(tool, names):
    if names == ["--large"]:
        listed = [row["name"] for row in json.loads(weft(tool, "net", "list", "--json"))["networks"]]
        names = [name for name in listed if name not in SMALL]
    elif not names:
        names = SMALL
    failures = []
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            failures += [f"{name}: {failure}" for failure in check(tool, name, pathlib.Path(folder) / f"{name}.onnx")]
    oracle.finish(failures, f"{len(names)} networks exported, checked and run: {', '.join(names)}")


main(sys.argv[1], sys.argv[2:])
