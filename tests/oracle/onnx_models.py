# SPDX-License-Identifier: Apache-2.0
"""Models that Weft has read and written again: the onnx checker accepts them with full checks, onnx's own shape inference finds
the same type for every value, and reading them once more gives the same types."""

import pathlib
import sys
import tempfile

import oracle

oracle.need_onnx()

import onnx  # noqa: E402


def inferred_types(path):
    """Of every value that onnx's shape inference can type completely."""
    model = onnx.shape_inference.infer_shapes(onnx.load(path), strict_mode=True, data_prop=True)
    types = {}
    for value in [*model.graph.value_info, *model.graph.input, *model.graph.output]:
        tensor = value.type.tensor_type
        if all(d.HasField("dim_value") for d in tensor.shape.dim):
            types[value.name] = oracle.ELEMENT_NAMES[tensor.elem_type], [d.dim_value for d in tensor.shape.dim]
    return types


def forget_intermediate_types(path):
    """Weft's own declarations must not help onnx's inference."""
    model = onnx.load(path)
    model.graph.ClearField("value_info")
    for output in model.graph.output:
        output.type.tensor_type.ClearField("shape")
    onnx.save(model, path)


def main(tool):
    light = pathlib.Path(onnx.__file__).parent / "backend/test/data/light"
    failures, compared = [], 0
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for source in sorted(light.glob("*.onnx")):
            paths.append(pathlib.Path(folder) / source.name)
            paths[-1].write_bytes(source.read_bytes())
        first = oracle.infer(tool, paths, "--all", "--rewrite")
        again = [pathlib.Path(f"{path}.again") for path in paths]
        second = oracle.infer(tool, again, "--all")
        for path, one, two in zip(again, first, second):
            found = {v["name"]: (v["type"], v["shape"]) for v in one.get("values", [])}
            if found != {v["name"]: (v["type"], v["shape"]) for v in two.get("values", [])}:
                failures.append(f"{path.name}: reading it again gives {two.get('error', 'other types')}")
            onnx.checker.check_model(str(path), full_check=True)
            forget_intermediate_types(path)
            for name, wanted in inferred_types(path).items():
                compared += 1
                if found.get(name) != wanted:
                    failures.append(f"{path.name}: value {name} is {found.get(name)}, onnx infers {wanted}")
    oracle.finish(failures, f"{compared} values of {len(paths)} rewritten networks compared, {len(failures)} differ")


main(sys.argv[1])
