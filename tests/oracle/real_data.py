#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Real data sets against numpy and Pillow: the ImageNet sample as SqueezeNet v1.0 wants it, and MNIST. They lie in
../shared/data beside the repository; the test reports "skipped" where they do not."""

import csv
import gzip
import sys
import tempfile

import oracle

oracle.need("PIL")

import data_with  # noqa: E402
import numpy  # noqa: E402
from PIL import Image  # noqa: E402

SAMPLE, MNIST = data_with.SHARED / "imagenet-sample", data_with.SHARED / "mnist"


def squeezenet_input(path):
    """Iandola et al., SqueezeNet_v1.0/train_val.prototxt: the central 227 x 227, BGR, minus 104, 117, 123."""
    pixels = numpy.asarray(Image.open(path).convert("RGB"), dtype=numpy.float32)
    top, left = (pixels.shape[0] - 227) // 2, (pixels.shape[1] - 227) // 2
    cut = pixels[top:top + 227, left:left + 227, ::-1] - numpy.float32([104, 117, 123])
    return cut.transpose(2, 0, 1)


def idx(path, header):
    return numpy.frombuffer(gzip.decompress(path.read_bytes()), dtype=numpy.uint8, offset=header)


def main(tool):
    if not SAMPLE.is_dir() or not MNIST.is_dir():
        print(f"skipped: there is no {SAMPLE} or no {MNIST}")
        sys.exit(oracle.SKIPPED)
    rows = list(csv.DictReader(open(SAMPLE / "labels.csv", encoding="utf-8")))
    chosen = list(range(0, len(rows), 20))
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        asker = data_with.Asker(tool, folder)
        asker.ask(SAMPLE, chosen, network="squeezenet1.0.onnx")
        asker.ask(MNIST, range(0, 10_000, 7))
        asker.ask(MNIST, range(0, 60_000, 101), split="train")
        sample, test, train = asker.answers()

    if sample.get("labels") != [int(row["class"]) for row in rows]:
        failures.append(f"labels of the ImageNet sample: {sample.get('error', 'differ')}")
    names = {int(row["class"]): row["name"] for row in rows}
    if sample.get("class_names") != [names[k] for k in range(len(names))]:
        failures.append("class names of the ImageNet sample differ")
    largest = 0.0
    for found, i in zip(sample.get("values", []), chosen):
        difference = float(numpy.abs(found - squeezenet_input(SAMPLE / rows[i]["file"])).max())
        largest = max(largest, difference)
        if difference > 1:
            failures.append(f"{rows[i]['file']}: differs by {difference} levels")

    for part, answer, step in (("t10k", test, 7), ("train", train, 101)):
        images = idx(MNIST / f"{part}-images-idx3-ubyte.gz", 16).reshape(-1, 1, 28, 28)
        labels = idx(MNIST / f"{part}-labels-idx1-ubyte.gz", 8)
        if answer.get("labels") != labels.tolist() or answer.get("classes") != 10:
            failures.append(f"labels of MNIST {part}: {answer.get('error', 'differ')}")
        if "values" not in answer or not numpy.array_equal(answer["values"], images[::step]):
            failures.append(f"images of MNIST {part} differ")
    oracle.finish(failures, f"{len(chosen)} images of the ImageNet sample, largest difference {largest:g} levels; MNIST equal")


main(sys.argv[1])
