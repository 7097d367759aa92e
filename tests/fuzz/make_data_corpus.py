#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes corpus/data_fuzz: a small file of each kind that data_fuzz reads. Needs Pillow and numpy."""

import gzip
import io
import pathlib
import struct

import numpy
from PIL import Image

FOLDER = pathlib.Path(__file__).resolve().parent / "corpus/data_fuzz"


def image(mode, width=9, height=6):
    pixels = numpy.add.outer(numpy.arange(height) * 30, numpy.arange(width) * 7).astype(numpy.uint8)
    return Image.fromarray(numpy.stack([pixels, pixels[::-1], 255 - pixels], 2)).convert(mode)


def encoded(picture, kind, **options):
    buffer = io.BytesIO()
    picture.save(buffer, format=kind, **options)
    return buffer.getvalue()


def npy(array):
    buffer = io.BytesIO()
    numpy.save(buffer, array)
    return buffer.getvalue()


def idx(shape):
    size = int(numpy.prod(shape))
    return struct.pack(f">BBBB{len(shape)}I", 0, 0, 8, len(shape), *shape) + bytes(i % 7 for i in range(size))


def files():
    for mode in ("RGB", "RGBA", "L", "LA", "P", "1"):
        yield f"{mode}.png", encoded(image(mode), "PNG")
    yield "deep.png", encoded(Image.fromarray(numpy.arange(20, dtype=numpy.uint16).reshape(4, 5) * 3000), "PNG")
    yield "plain.jpg", encoded(image("RGB"), "JPEG", quality=50)
    yield "grey.jpg", encoded(image("L"), "JPEG", quality=50)
    yield "progressive.jpg", encoded(image("RGB", 20, 20), "JPEG", quality=50, progressive=True, subsampling=2)
    yield "cmyk.jpg", encoded(image("CMYK"), "JPEG", quality=50)
    yield "u8.npy", npy(numpy.arange(24, dtype=numpy.uint8).reshape(2, 3, 4))
    yield "hwc.npy", npy(numpy.arange(12, dtype=numpy.uint8).reshape(2, 1, 2, 3))
    yield "f4.npy", npy(numpy.arange(6, dtype=numpy.float32).reshape(2, 3))
    yield "i8.npy", npy(numpy.arange(3, dtype=numpy.int64))
    yield "images.idx", idx((2, 3, 2))
    yield "labels.idx", idx((5,))
    yield "images.idx.gz", gzip.compress(idx((2, 3, 2)), mtime=0)
    yield "cifar10", bytes([3]) + bytes(3072)
    yield "cifar100", bytes([3, 42]) + bytes(3072)
    yield "labels.csv", b'file,class,name\na.png,0,cat\n"b,c.png",2,"a ""dog"""\r\n'


FOLDER.mkdir(parents=True, exist_ok=True)
for name, content in files():
    (FOLDER / name).write_bytes(content)
