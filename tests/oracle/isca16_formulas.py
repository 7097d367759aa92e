# SPDX-License-Identifier: Apache-2.0
"""The six dataflows of Chen, Emer and Sze (ISCA 2016) by that paper's formulas, each searched by trying every choice of its
parameters; `weft compare`, which knows nests and no formulas, must find the same least energies."""

import json
import subprocess
import sys

import oracle

oracle.need("numpy")

import numpy  # noqa: E402

# Energy of a word at a level, in that of a MAC; um^2 a byte of memories by their size; words are of 2 B.
DRAM, GLB, ARRAY, RF = 200, 6, 2, 1
SIZES = [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096]
UM2 = [103.47, 172.07, 177.07, 169.89, 96.06, 59.15, 39.94, 27.48, 20.87, 16.14, 13.89, 12.70]
RF_BYTES = {"RS": 512, "WS": 2, "OSA": 98, "OSB": 10, "OSC": 2, "NLR": 0}

# AlexNet in groups, H with its padding: groups, C, M (of a group), H, R, E, U.
CONV = [(1, 3, 96, 227, 11, 55, 4), (2, 48, 128, 31, 5, 27, 1), (1, 256, 384, 15, 3, 13, 1), (2, 192, 192, 15, 3, 13, 1)]
CONV.append((2, 192, 128, 15, 3, 13, 1))
FC = [(1, 256, 4096, 6, 6, 1, 1), (1, 4096, 4096, 1, 1, 1, 1), (1, 4096, 1000, 1, 1, 1, 1)]


def area(size):
    return size * numpy.interp(size, SIZES, UM2) if size else 0.0


def buffer_words(dataflow, pes):
    """Of the area of J register files of 512 B and a buffer of J times 512 B, what the dataflow's own files leave."""
    left = pes * area(512) + area(pes * 512) - pes * area(RF_BYTES[dataflow])
    return int(left / UM2[-1]) // 2


def parts(n):
    """Of the k that cut n into equally many parts, the least."""
    return sorted({-(-n // k) for k in range(1, n + 1)})


def ceil(a, b):
    return -(-a // b)


class Layer:
    def __init__(self, shape, batch):
        self.G, self.C, self.M, self.H, self.R, self.E, self.U = shape
        self.N = batch
        self.I = self.G * self.N * self.C * self.H**2
        self.W = self.G * self.M * self.C * self.R**2
        self.O = self.G * self.N * self.M * self.E**2
        self.macs = self.O * self.C * self.R**2
        self.alpha = self.E / self.H

    def strip(self, rows):
        """Extent of the ifmap strip of so many ofmap rows, and alpha / beta."""
        width = (rows - 1) * self.U + self.R
        return width, self.alpha / (rows / width)


def choices(*lists):
    return [grid.ravel() for grid in numpy.meshgrid(*map(numpy.array, lists), indexing="ij")]


def kept(fits, *arrays):
    return [a[fits] for a in arrays]


# Each yields (DRAM, GLB, array, RF) words of many choices of the parameters at once.


def weight_stationary(l, J, Q):
    r, t = choices(range(1, l.C + 1), parts(l.M))
    ratio = l.strip(l.E)[1]
    r, t = kept((l.N * t * l.E**2 + r * t * (l.H - l.R) * (l.R - 1) <= Q) & (r * t * l.R**2 <= J), r, t)
    yield (
        l.W + l.I * ceil(l.M, t) * ratio + l.O,
        2 * l.O * (l.R * ceil(l.C, r) - 1),
        l.I * l.M * l.R**2 * l.alpha**2 + l.O * (l.C * l.R**2 - l.R * ceil(l.C, r)),
        numpy.full(r.shape, l.W * l.N * l.E**2),
    )


def output_stationary_a(l, J, Q):
    m, n, e, f = choices(parts(l.M), parts(l.N), parts(l.E), parts(l.E))
    (h, v), (w, u) = l.strip(e), l.strip(f)
    m, n, e, f, v, u = kept((m * l.C * l.R**2 + n * l.C * h * w <= Q) & (n * e * f <= J), m, n, e, f, v, u)
    yield (
        l.W + l.I * ceil(l.M, m) * v * u + l.O,
        l.W * ceil(l.N, n) * ceil(l.E, e) * ceil(l.E, f) + l.I * l.M * v * u,
        l.W * l.N * l.E**2 + l.I * l.M * l.R**2 * l.alpha**2,
        2 * l.O * (l.C * l.R**2 - 1),
    )


def output_stationary_b(l, J, Q):
    m, n, p, f = choices(parts(l.M), parts(l.N), parts(l.M), parts(l.E))
    w, u = l.strip(f)
    m, n, p, f, u = kept((m * l.C * l.R**2 + n * l.C * l.R * w <= Q) & (n * p * f <= J) & (p <= m), m, n, p, f, u)
    yield (
        l.W + l.I * ceil(l.M, m) * l.R * l.alpha * u + l.O,
        l.W * ceil(l.N, n) * l.E * ceil(l.E, f) + l.I * ceil(l.M, p) * l.R * l.alpha * u,
        l.W * l.N * l.E**2 + l.I * l.M * l.R**2 * l.alpha**2,
        2 * l.O * (l.C * l.R**2 - 1),
    )


def output_stationary_c(l, J, Q):
    m, n, p = choices(parts(l.M), parts(l.N), parts(l.M))
    m, n, p = kept(((m + n) * l.C * l.R**2 <= Q) & (n * p <= J) & (p <= m), m, n, p)
    window = l.R**2 * l.alpha**2
    yield (
        l.W + l.I * ceil(l.M, m) * window + l.O,
        l.W * ceil(l.N, n) * l.E**2 + l.I * ceil(l.M, p) * window,
        l.W * l.N * l.E**2 + l.I * l.M * window,
        2 * l.O * (l.C * l.R**2 - 1),
    )


def no_local_reuse(l, J, Q):
    n, m, q, e, f = choices(parts(l.N), parts(l.M), parts(l.C), parts(l.E), parts(l.E))
    (h, v), (w, u) = l.strip(e), l.strip(f)
    m, q, n, e, f, v, u = kept(n * q * h * w + m * q * l.R**2 + n * m * e * f <= Q, m, q, n, e, f, v, u)
    dram = l.W * ceil(l.N, n) * ceil(l.E, e) * ceil(l.E, f) + l.I * ceil(l.M, m) * v * u + l.O
    window = l.R**2 * l.alpha**2
    for p in parts(l.M):
        fits = (p * q <= J) & (p <= m)
        rounds = l.R**2 * ceil(l.C, q[fits])
        yield (
            dram[fits],
            l.W * l.N * l.E**2 + l.I * ceil(l.M, p) * window + 2 * l.O * (rounds - 1),
            l.I * l.M * window + l.O * (l.C * l.R**2 - rounds),
            numpy.zeros(rounds.shape),
        )


def row_stationary(l, J, Q):
    register_words = RF_BYTES["RS"] // 2
    for q in parts(l.C):
        most = (register_words - q * l.R) // (q * l.R + 1)
        for r in parts(ceil(l.C, q)):
            if q * r > l.C or most < 1 or l.R * r > J:
                continue
            m, n, f, t = choices(parts(l.M), parts(l.N), parts(l.E), [t for t in parts(l.M) if l.R * r * t <= J])
            w, u = l.strip(f)
            fits = (n * m * l.E * f + n * q * r * l.H * w <= Q) & (l.R * f * r * t <= J)
            m, n, f, t, u = kept(fits, m, n, f, t, u)
            dram = l.W * ceil(l.N, n) * ceil(l.E, f) + l.I * ceil(l.M, m) * u + l.O
            filters = l.W * ceil(l.N, n) * l.E
            rows, sets = l.R * ceil(l.C, q), ceil(l.C, q * r)
            for p in parts(l.M):
                if p > most:
                    break
                fits = p * t <= m
                yield (
                    dram[fits],
                    l.I * ceil(l.M, p * t[fits]) * u[fits] + 2 * l.O * (sets - 1),
                    filters[fits] + l.I * ceil(l.M, p) * l.R * l.alpha + l.O * (rows - sets),
                    l.W * l.N * l.E**2 + l.I * l.M * l.R**2 * l.alpha**2 + 2 * l.O * (l.C * l.R**2 - rows),
                )


FORMULAS = {
    "WS": weight_stationary,
    "OSA": output_stationary_a,
    "OSB": output_stationary_b,
    "OSC": output_stationary_c,
    "NLR": no_local_reuse,
    "RS": row_stationary,
}


def least(dataflow, shapes, pes, batch):
    """Energy a MAC, and that of DRAM alone, of the best choice for each layer; None if a layer has none."""
    energy = dram_energy = macs = 0
    for shape in shapes:
        layer = Layer(shape, batch)
        best = None
        for dram, glb, array, rf in FORMULAS[dataflow](layer, pes, buffer_words(dataflow, pes)):
            if not dram.size:
                continue
            total = DRAM * dram + GLB * glb + ARRAY * array + RF * rf
            i = total.argmin()
            if best is None or total[i] < best[0]:
                best = (total[i], DRAM * dram[i])
        if best is None:
            return None
        energy += best[0] + layer.macs
        dram_energy += best[1]
        macs += layer.macs
    return energy / macs, dram_energy / macs


def main():
    pes, batch = int(sys.argv[2]), int(sys.argv[3])
    kinds = sys.argv[4:] or ["conv", "fc"]
    command = [sys.argv[1], "compare", "alexnet", "--dataflows", "all", "--pes", str(pes), "--batch", str(batch), "--json"]
    points = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)["points"]
    points = [point for point in points if point["layers"] in kinds]
    wrong = 0
    for point in points:
        name = point["dataflow"]
        best = least(name, CONV if point["layers"] == "conv" else FC, pes, batch)
        what = f"{point['layers']:4} {name:3} {pes} PEs, batch {batch}"
        if best is None or not point["feasible"]:
            agree = best is None and not point["feasible"]
            print(f"{what}: {'does not fit' if best is None else best}")
        else:
            ours = point["energy_per_mac"], point["energy_by_level_per_mac"]["dram"]
            # A nest need not cut into equal parts what the formulas round up, so it may do a little better.
            agree = 0.97 * best[0] <= ours[0] <= 1.005 * best[0]
            print(f"{what}: energy {ours[0]:.3f}, by the formulas {best[0]:.3f}; of DRAM {ours[1]:.3f}, {best[1]:.3f}")
        if not agree:
            print("  they do not agree")
            wrong += 1
    return 1 if wrong or len(points) != 6 * len(kinds) else 0


sys.exit(main())
