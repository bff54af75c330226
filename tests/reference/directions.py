"""Cosines, projections and histograms by NumPy: what tst_Directions compares with.

    python3 directions.py > directions.tsv

The inputs are written by formulas that both sides can evaluate: x[i, j] = sin(1 + 3 i + 7 j) for
feature i, u = cos(1 + j), v = sin(2 + 5 j).
"""
import numpy as np

n, d = 12, 7
x = np.array([[np.sin(1 + 3 * i + 7 * j) for j in range(d)] for i in range(n)]).astype(np.float32)
u = np.array([np.cos(1 + j) for j in range(d)]).astype(np.float32)
v = np.array([np.sin(2 + 5 * j) for j in range(d)]).astype(np.float32)
x64, u64, v64 = x.astype(float), u.astype(float), v.astype(float)


def row(name, values):
    print("\t".join([name] + ["%.12g" % value for value in np.ravel(values)]))


row("cosine", x64 @ u64 / np.linalg.norm(x64, axis=1) / np.linalg.norm(u64))
q, _ = np.linalg.qr(np.stack([u64, v64], axis=1))
rest = x64 - (x64 @ q) @ q.T
row("rest", rest)
row("removed", [1 - (rest ** 2).sum() / (x64 ** 2).sum()])
values = np.array([0.1 * i * i - 3 for i in range(25)])
counts, edges = np.histogram(values, bins=6)
row("counts", counts)
row("edges", edges)
same, same_edges = np.histogram(np.full(4, 2.5), bins=3)
row("same", same)
row("same_edges", same_edges)
tenths, _ = np.histogram(np.arange(11) / 10, bins=10)
row("tenths", tenths)
