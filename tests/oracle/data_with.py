# SPDX-License-Identifier: Apache-2.0
"""What the tests of data sets share: asking dataset_tool."""

import json
import pathlib
import subprocess

import numpy

SHARED = pathlib.Path(__file__).resolve().parents[2] / "../shared/data"


class Asker:
    """Collects requests, then asks all at once."""

    def __init__(self, tool, folder):
        self.tool, self.folder, self.requests = tool, pathlib.Path(folder), []

    def file(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    def ask(self, path, samples=(0,), preprocessing=None, **options):
        """Answers the number of the request. `preprocessing` is the YAML text of that map."""
        number = len(self.requests)
        if preprocessing is not None:
            text = f"kind: dataset\nversion: 1\npreprocessing: {preprocessing}\n"
            options["preprocessing"] = self.file(f"how{number}.yaml", text)
        out = str(self.folder / f"out{number}")
        self.requests.append({"path": str(path), "samples": list(samples), "out": out, **options})
        return number

    def answers(self):
        """For each request its answer, with the network inputs of all samples as one array under "values"."""
        text = "".join(json.dumps(request) + "\n" for request in self.requests)
        run = subprocess.run([self.tool], input=text, capture_output=True, text=True, check=True)
        answers = [json.loads(line) for line in run.stdout.splitlines()]
        for request, answer in zip(self.requests, answers, strict=True):
            if "shape" in answer:
                values = numpy.fromfile(request["out"], dtype=answer["type"])
                answer["values"] = values.reshape(len(request["samples"]), *answer["shape"][1:])
        return answers
