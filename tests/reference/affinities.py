"""Reference for tst_AffinityReference: the six affinities of data/corpus and the word vectors, by NumPy in double.

    python3 affinities.py DATA > affinities.csv

First line: the names. Second and third: sum and sum of squares over all 8000 x 8000 entries. Then entries that a
generator of its own draws: i, j and the six values.
"""
import sys

import numpy as np
import scipy.sparse as sp

folder = sys.argv[1]
file = np.load(folder + "/corpus/blocks_x_words_csr.npz")
blocks = sp.csr_matrix((np.ones(len(file["indices"])), file["indices"], file["indptr"]), shape=tuple(file["shape"]))
t, n = blocks.shape
n11 = (blocks.T @ blocks).toarray()
own = np.diag(n11).copy()
n10 = own[:, None] - n11
n01 = own[None, :] - n11
n00 = t - n11 - n10 - n01
x = np.load(folder + "/embeddings/googlenews_8168x300.npy")[:n].astype(np.float64)
x /= np.linalg.norm(x, axis=1, keepdims=True)


def ratio(a, b):
    return np.divide(a, b, out=np.zeros_like(a), where=b > 0)


def angular():
    similarity = 1 - np.arccos(np.clip(x @ x.T, -1, 1)) / np.pi
    np.fill_diagonal(similarity, 1)
    return similarity


measures = {
    "smc": lambda: (n11 + n00) / t,
    "jaccard": lambda: ratio(n11, n11 + n10 + n01),
    "dice": lambda: ratio(2 * n11, 2 * n11 + n10 + n01),
    "overlap": lambda: ratio(n11, np.minimum(n11 + n10, n11 + n01)),
    "phi": lambda: ratio(n11 * n00 - n10 * n01, np.sqrt((n11 + n10) * (n01 + n00)) * np.sqrt((n11 + n01) * (n10 + n00))),
    "angular": angular,
}
seed, drawn = 1, []
for _ in range(2 * 2000):
    seed = (1664525 * seed + 1013904223) % 2**32
    drawn.append((seed >> 8) * n // 2**24)
rows, columns = np.array(drawn[0::2]), np.array(drawn[1::2])
sums, squares, entries = [], [], []
for name, measure in measures.items():
    a = measure()
    sums.append(a.sum())
    squares.append((a * a).sum())
    entries.append(a[rows, columns])
print("i,j", *measures, sep=",")
print("sum,", *(f"{v:.12g}" for v in sums), sep=",")
print("squares,", *(f"{v:.12g}" for v in squares), sep=",")
for k in range(len(rows)):
    print(rows[k], columns[k], *(f"{e[k]:.9g}" for e in entries), sep=",")
