# SPDX-License-Identifier: Apache-2.0
"""What the oracle tests share: finding a Python that has a module, and asking infer_tool."""

import importlib.util
import json
import os
import pathlib
import subprocess
import sys

SKIPPED = 77  # ctest's SKIP_RETURN_CODE
ROOT = pathlib.Path(__file__).resolve().parents[2]

# Names of element types in infer_tool's output by ONNX number (TensorProto.DataType).
ELEMENT_NAMES = """undefined float32 uint8 int8 uint16 int16 int32 int64 string boolean float16 float64 uint32 uint64
    complex64 complex128 bfloat16 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz uint4 int4 float4e2m1 float8e8m0
    uint2 int2 float6e2m3 float6e3m2""".split()


def need(module):
    """Goes on in a Python that has the module: this one, $WEFT_PYTHON, or .venv of the repository. Ends as skipped if none has."""
    if importlib.util.find_spec(module):
        return
    for python in (os.environ.get("WEFT_PYTHON"), ROOT / ".venv/bin/python"):
        if python and os.path.exists(python) and os.environ.get("WEFT_ORACLE") != str(python):
            os.execve(python, [str(python), *sys.argv], {**os.environ, "WEFT_ORACLE": str(python)})
    print(f"skipped: no Python with the module {module} (scripts/setup.sh --tests installs one)")
    sys.exit(SKIPPED)


def need_onnx():
    need("onnx")


def infer(tool, paths, *options):
    """infer_tool's answer for each path, in order."""
    text = "".join(f"{path}\n" for path in paths)
    run = subprocess.run([tool, *options], input=text, capture_output=True, text=True, check=True)
    answers = [json.loads(line) for line in run.stdout.splitlines()]
    if len(answers) != len(paths):
        raise SystemExit(f"infer_tool answered {len(answers)} of {len(paths)} models")
    return answers


def finish(failures, summary):
    for failure in failures:
        print("FAILED", failure)
    print(summary)
    sys.exit(1 if failures else 0)
