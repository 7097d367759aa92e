#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Images decoded, resized, cropped and scaled as Pillow and numpy do it: to the very level where the arithmetic is Pillow's."""

import io
import random
import struct
import sys
import tempfile
import zlib

import oracle

oracle.need("PIL")

import data_with  # noqa: E402
import numpy  # noqa: E402
from PIL import Image  # noqa: E402

TRIALS = 150
FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


def encoded(image, **options):
    buffer = io.BytesIO()
    image.save(buffer, **options)
    return buffer.getvalue()


def smooth(rng, width, height, mode="RGB"):
    """A picture with gradients and edges, so that JPEG's chroma upsampling matters."""
    small = numpy.random.default_rng(rng.getrandbits(32)).integers(0, 256, (5, 4, 3), dtype=numpy.uint8)
    image = Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)
    return image.convert(mode)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def interlaced_png(pixels, bits=8):
    """Adam7 (PNG specification, section 8.2), which Pillow reads but does not write. Pixels HxWxC, colour or grey."""
    height, width, channels = pixels.shape
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    data = b""
    for x0, y0, dx, dy in ADAM7:
        for row in pixels[y0::dy, x0::dx]:
            if row.size:
                data += b"\0" + row.astype(">u2" if bits == 16 else "u1").tobytes()
    header = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


def png_16(pixels):
    """16-bit RGB, which Pillow reads but does not write."""
    height, width, _ = pixels.shape
    data = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


def files(rng):
    """Name, bytes and the allowed difference in levels of images of every kind."""
    for i, (width, height) in enumerate([(1, 1), (17, 9), (40, 33), (64, 64)]):
        image = smooth(rng, width, height)
        for mode in ("RGB", "RGBA", "L", "LA", "1", "P"):
            yield f"{mode}{i}.png", encoded(image.convert(mode), format="PNG"), 0
        transparent = image.convert("P")
        yield f"tRNS{i}.png", encoded(transparent, format="PNG", transparency=3), 0
        for colours in (2, 4, 16):
            yield f"P{colours}-{i}.png", encoded(image.quantize(colours), format="PNG", bits=colours.bit_length() - 1), 0
        for quality, subsampling, progressive in [(95, 0, False), (75, 2, False), (60, 1, True), (30, 2, True)]:
            options = {"quality": quality, "subsampling": subsampling, "progressive": progressive}
            yield f"{quality}-{i}.jpg", encoded(image, format="JPEG", **options), 0
        yield f"grey{i}.jpg", encoded(image.convert("L"), format="JPEG"), 0
        deep = numpy.random.default_rng(i).integers(0, 65536, (height, width, 3))
        yield f"deep{i}.png", png_16(deep), 1
        for channels in (1, 2, 3, 4):
            plain = numpy.random.default_rng(i).integers(0, 256, (height, width, channels))
            yield f"laced{channels}-{i}.png", interlaced_png(plain), 0


def as_read(data):
    return numpy.asarray(Image.open(io.BytesIO(data)).convert("RGB"), dtype=numpy.float32).transpose(2, 0, 1)


def decoding(asker, rng):
    for name, data, allowed in files(rng):
        yield name, asker.ask(asker.file(name, data)), as_read(data), allowed


def npy(pixels):
    buffer = io.BytesIO()
    numpy.save(buffer, pixels)
    return buffer.getvalue()


def resizing(asker, rng):
    for trial in range(TRIALS):
        width, height, channels = rng.randint(1, 90), rng.randint(1, 90), rng.choice([1, 3])
        new_width, new_height = rng.randint(1, 120), rng.randint(1, 120)
        name = rng.choice(list(FILTERS))
        pixels = numpy.random.default_rng(trial).integers(0, 256, (height, width, channels), dtype=numpy.uint8)
        image = Image.fromarray(pixels if channels == 3 else pixels[:, :, 0])
        wanted = numpy.asarray(image.resize((new_width, new_height), FILTERS[name]), dtype=numpy.float32)
        wanted = wanted.reshape(new_height, new_width, channels).transpose(2, 0, 1)
        path = asker.file(f"resize{trial}.npy", npy(pixels[None]))
        how = f"{{resize: [{new_height}, {new_width}], interpolation: {name}}}"
        yield f"{width}x{height} {how}", asker.ask(path, preprocessing=how), wanted, 0


def torchvision_like(image, shorter, crop, interpolation):
    """Resize(shorter) and CenterCrop(crop) as torchvision.transforms.functional computes sizes and margins."""
    width, height = image.size
    if width <= height:
        size = (shorter, int(shorter * height / width))
    else:
        size = (int(shorter * width / height), shorter)
    image = image.resize(size, FILTERS[interpolation])
    top, left = int(round((image.height - crop) / 2.0)), int(round((image.width - crop) / 2.0))
    return image.crop((left, top, left + crop, top + crop))


def whole_chains(asker, rng):
    mean, deviation = numpy.float64([0.485, 0.456, 0.406]), numpy.float64([0.229, 0.224, 0.225])
    for trial in range(30):
        image = smooth(rng, rng.randint(20, 120), rng.randint(20, 120))
        shorter = rng.randint(10, 60)
        crop, interpolation = rng.randint(1, shorter), rng.choice(list(FILTERS))
        ready = torchvision_like(image, shorter, crop, interpolation)
        how = f"resize: {shorter}, crop: {crop}, interpolation: {interpolation}"
        path = asker.file(f"chain{trial}.png", encoded(image, format="PNG"))
        values = (numpy.asarray(ready, dtype=numpy.float64) / 255 - mean) / deviation
        yield how, asker.ask(path, preprocessing=f"{{{how}, channels: RGB, scale: 1/255, "
                             "mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225]}"), values.transpose(2, 0, 1), 1e-6
        grey = numpy.asarray(ready.convert("L"), dtype=numpy.float32)[None]
        yield how + " grey", asker.ask(path, preprocessing=f"{{{how}, channels: grey}}"), grey, 0
        last = numpy.asarray(ready, dtype=numpy.float32)[:, :, ::-1]
        yield how + " BGR", asker.ask(path, preprocessing=f"{{{how}, channels: BGR, layout: NHWC}}"), last, 0


def main(tool):
    rng = random.Random(2017)
    failures, count, largest = [], 0, 0.0
    with tempfile.TemporaryDirectory() as folder:
        asker = data_with.Asker(tool, folder)
        cases = [case for make in (decoding, resizing, whole_chains) for case in make(asker, rng)]
        cmyk = asker.ask(asker.file("cmyk.jpg", encoded(Image.new("CMYK", (9, 9)), format="JPEG")))
        answers = asker.answers()
        for name, number, wanted, allowed in cases:
            found = answers[number].get("values")
            if found is None or found[0].shape != wanted.shape:
                failures.append(f"{name}: {answers[number].get('error', answers[number])}, wanted {wanted.shape}")
                continue
            difference = float(numpy.abs(found[0] - wanted).max())
            count, largest = count + 1, max(largest, difference)
            if difference > allowed:
                failures.append(f"{name}: differs by {difference}, allowed is {allowed}")
        if answers[cmyk].get("id") != "image.unsupported":
            failures.append(f"a CMYK image: {answers[cmyk]}")
    oracle.finish(failures, f"{count} images compared, largest difference {largest:g}")


main(sys.argv[1])
