# SPDX-License-Identifier: Apache-2.0
"""What Weft computes in float32: every float32 node test of the onnx package that Weft can run, against the outputs that come
with it; with --networks the nine networks of the package and SqueezeNet with its real weights, against onnxruntime."""

import collections
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import warnings

import oracle

oracle.need_onnx()

import numpy  # noqa: E402
import onnx  # noqa: E402

import backend_nodes  # noqa: E402

TOLERANCE = 1e-4  # relative to the largest value: sums of some hundred float32 terms in another order


def bind_all_but_floats(model, inputs):
    """A copy in which every input that is not float32, and every one that decides shapes, is an initialiser."""
    model = onnx.ModelProto.FromString(model.SerializeToString())
    needed = backend_nodes.deciding_inputs(model.graph)
    fed = []
    for value, declared in zip(inputs, list(model.graph.input)):
        if isinstance(value, numpy.ndarray) and value.dtype == numpy.float32 and declared.name not in needed:
            fed.append(value)
        else:
            model.graph.initializer.append(backend_nodes.as_tensor(value, declared.name))
    return model, fed


def run(tool, jobs):
    """jobs: (path, inputs). The tool's answers, with arrays under 'arrays'."""
    lines = []
    for path, inputs in jobs:
        names = []
        for i, values in enumerate(inputs):
            names.append(f"{path}.{i}.in")
            values.astype(numpy.float32).tofile(names[-1])
        lines.append(" ".join([str(path), *names]))
    done = subprocess.run([tool], input="".join(f"{line}\n" for line in lines), capture_output=True, text=True, check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    for answer in answers:
        answer["arrays"] = [numpy.fromfile(f"{answer['path']}.{i}.out", numpy.float32).reshape(shape)
                            for i, shape in enumerate(answer.get("outputs", []))]
    return answers


def difference(found, wanted):
    """The largest difference relative to the largest value, or None where the shapes differ."""
    if found.shape != wanted.shape:
        return None
    if wanted.size == 0:
        return 0.0
    with numpy.errstate(invalid="ignore"):
        distance = numpy.where(found == wanted, 0, numpy.abs(found - wanted))
    return float(numpy.max(distance) / max(1.0, float(numpy.max(numpy.abs(wanted)))))


def agrees(answer, wanted):
    if "error" in answer:
        return answer["error"]
    for found, expected in zip(answer["arrays"], wanted):
        d = difference(found, expected)
        if d is None or not d <= TOLERANCE:
            return f"differs by {d}"
    return ""


def node_tests(tool, folder):
    cases, _ = backend_nodes.selected()
    jobs, expected, failures, skipped = [], [], [], collections.Counter()
    for case in cases:
        for number, (inputs, outputs) in enumerate(case.data_sets):
            if not isinstance(outputs[0], numpy.ndarray) or outputs[0].dtype != numpy.float32:
                continue
            model, fed = bind_all_but_floats(case.model, inputs)
            backend_nodes.forget_declared_shapes(model)
            path = folder / f"{case.name}_{number}.onnx"
            path.write_bytes(model.SerializeToString())
            jobs.append((path, fed))
            expected.append(outputs)
    right = 0
    for (path, _), answer, wanted in zip(jobs, run(tool, jobs), expected):
        if answer.get("id") in ("runtime.unsupported-operator", "runtime.not-float32"):
            skipped[path.stem.split("_")[1]] += 1
            continue
        problem = agrees(answer, wanted)
        right += not problem
        if problem:
            failures.append(f"{path.stem}: {problem}")
    print(f"{right} node tests agree; not computed: {dict(skipped)}")
    if right < 150:
        failures.append(f"only {right} node tests ran")
    return failures


def networks(tool, folder):
    import onnxruntime

    light = pathlib.Path(onnx.__file__).parent / "backend/test/data/light"
    shared = pathlib.Path(os.environ.get("WEFT_SHARED", oracle.ROOT.parent / "shared"))
    paths = sorted(light.glob("*.onnx")) + sorted((shared / "data/models").glob("*.onnx"))
    failures = []
    for path in paths:
        proto = onnx.load(path)
        for tensor in proto.graph.initializer:  # the package's weights are zeros; give them values
            if path.parent == light and tensor.data_type == onnx.TensorProto.FLOAT and len(tensor.dims) > 1:
                values = numpy.random.default_rng(len(tensor.name)).normal(0, 1, tuple(tensor.dims))
                values /= max(1.0, numpy.sqrt(values[0].size))
                tensor.CopyFrom(onnx.numpy_helper.from_array(values.astype(numpy.float32), tensor.name))
        copy = folder / path.name
        session_bytes = proto.SerializeToString()
        copy.write_bytes(session_bytes)
        session = onnxruntime.InferenceSession(session_bytes, providers=["CPUExecutionProvider"])
        first = session.get_inputs()[0]
        shape = [extent if isinstance(extent, int) else 1 for extent in first.shape]
        scale = 50 if path.parent != light else 1
        data = (numpy.random.default_rng(1).normal(0, scale, shape)).astype(numpy.float32)
        wanted = session.run(None, {first.name: data})
        answer = run(tool, [(copy, [data])])[0]
        problem = agrees(answer, wanted)
        if problem:
            failures.append(f"{path.stem}: {problem}")
        copy.unlink()
    print(f"{len(paths) - len(failures)} of {len(paths)} networks agree with onnxruntime {onnxruntime.__version__}")
    return failures


def main(tool):
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        failures = (networks if "--networks" in sys.argv else node_tests)(tool, pathlib.Path(folder))
    oracle.finish(failures, f"{len(failures)} failures")


if __name__ == "__main__":
    main(sys.argv[1])
