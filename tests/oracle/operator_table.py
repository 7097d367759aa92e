# SPDX-License-Identifier: Apache-2.0
"""The table of operators against the schemas of the onnx package: at every opset from 7 to the newest each operator has the same
attributes of the same kinds, the same ones required, and the same numbers of operands. docs/operators.md lists the table."""

import json
import subprocess
import sys

import oracle

oracle.need_onnx()

from onnx import defs  # noqa: E402

KINDS = {"INT": "an integer", "FLOAT": "a number", "STRING": "a text", "INTS": "a list of integers", "FLOATS": "a list of numbers",
         "STRINGS": "a list of texts", "TENSOR": "a tensor"}
OPSETS = range(7, 29)
ANY = 2**31 - 1


def table(tool):
    lines = subprocess.run([tool, "--operators"], capture_output=True, text=True, check=True).stdout.splitlines()
    return [json.loads(line) for line in lines]


def schema_at(name, opset):
    try:
        schema = defs.get_schema(name, opset)
    except defs.SchemaError:
        return None
    return None if schema.deprecated else schema


def schema_row(schema):
    # Sparse tensors are refused by the reader whatever the operator.
    kinds = {name: attribute for name, attribute in schema.attributes.items() if attribute.type.name != "SPARSE_TENSOR"}
    count = lambda least, most: [least, "any" if most == ANY else most]  # noqa: E731
    return {
        "inputs": count(schema.min_input, schema.max_input),
        "outputs": count(schema.min_output, schema.max_output),
        "attributes": {name: [KINDS[a.type.name], a.required] for name, a in kinds.items()},
    }


def row_at(rows, name, opset):
    found = [row for row in rows if row["name"] == name and row["since"] <= opset]
    return {key: found[-1][key] for key in ("inputs", "outputs", "attributes")} if found else None


def main(tool):
    rows, failures, compared = table(tool), [], 0
    names = sorted({row["name"] for row in rows})
    for name in names:
        for opset in OPSETS:
            schema = schema_at(name, opset)
            wanted = schema_row(schema) if schema else None
            compared += 1
            if row_at(rows, name, opset) != wanted:
                failures.append(f"{name} at opset {opset}: {row_at(rows, name, opset)}, onnx has {wanted}")
    page = (oracle.ROOT / "docs/operators.md").read_text(encoding="utf-8")
    failures += [f"docs/operators.md does not list {name}" for name in names if f"`{name}`" not in page]
    if defs.onnx_opset_version() != OPSETS[-1]:
        print(f"note: this onnx has opset {defs.onnx_opset_version()}, the test goes to {OPSETS[-1]}")
    oracle.finish(failures, f"{compared} rows of {len(names)} operators at opsets {OPSETS[0]} to {OPSETS[-1]} compared")


main(sys.argv[1])
