# SPDX-License-Identifier: Apache-2.0
"""The nine networks that come with the onnx package: Weft's output shapes must be those of the expected output beside each."""

import pathlib
import sys

import oracle

oracle.need_onnx()

import onnx  # noqa: E402


def main(tool):
    folder = pathlib.Path(onnx.__file__).parent / "backend/test/data/light"
    paths = sorted(folder.glob("*.onnx"))
    failures = [] if len(paths) == 9 else [f"{len(paths)} models in {folder}, expected 9"]
    for path, answer in zip(paths, oracle.infer(tool, paths)):
        output = onnx.TensorProto.FromString((folder / f"{path.stem}_output_0.pb").read_bytes())
        wanted = [(oracle.ELEMENT_NAMES[output.data_type], list(output.dims))]
        found = [(v["type"], v["shape"]) for v in answer.get("values", [])]
        if found != wanted:
            failures.append(f"{path.stem}: {answer.get('error', found)}, expected {wanted}")
    oracle.finish(failures, f"{len(paths) - len(failures)} of {len(paths)} networks agree")


main(sys.argv[1])
