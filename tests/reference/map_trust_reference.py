"""Trust of maps by scikit-learn and SciPy, for tst_MapTrust.

    python3 map_trust_reference.py > map_trust.tsv

Data come from a formula that the test repeats: x[i, j] = ((7919 i + 104729 j + 31 i j) mod 1009) / 500 - 1,
scaled by 1 / (1 + j); the map is the first three columns, bent. Each line: n, d, k, metric, share of k
neighbours kept, trustworthiness, continuity, Spearman's rho over all pairs.
"""
import numpy as np
from scipy.spatial.distance import pdist
from scipy.stats import spearmanr
from sklearn.manifold import trustworthiness
from sklearn.neighbors import NearestNeighbors


def data(n, d):
    i, j = np.arange(n)[:, None], np.arange(d)[None, :]
    x = ((7919 * i + 104729 * j + 31 * i * j) % 1009) / 500.0 - 1.0
    x = (x.astype(np.float32) / (1 + j).astype(np.float32)).astype(np.float32)
    y = x[:, :3].copy()
    y[:, 2] = y[:, 0] * y[:, 1]
    return x.astype(np.float64), y.astype(np.float64)


print("# n d k metric kept trustworthiness continuity rho")
for n, d, k in [(500, 20, 10), (900, 40, 25), (60, 8, 29)]:
    x, y = data(n, d)
    for metric in ["euclidean", "cosine"]:
        a = NearestNeighbors(n_neighbors=k, metric=metric, algorithm="brute").fit(x).kneighbors(return_distance=False)
        b = NearestNeighbors(n_neighbors=k).fit(y).kneighbors(return_distance=False)
        kept = np.mean([len(np.intersect1d(p, q)) for p, q in zip(a, b)]) / k
        t = trustworthiness(x, y, n_neighbors=k, metric=metric)
        # Continuity is trustworthiness with the spaces exchanged; here the neighbours are the metric's.
        rank = np.empty((n, n), int)
        dist = np.sqrt(((y[:, None] - y[None]) ** 2).sum(-1))
        np.fill_diagonal(dist, np.inf)
        order = dist.argsort(1)
        rank[np.arange(n)[:, None], order] = np.arange(1, n + 1)
        excess = np.maximum(0, rank[np.arange(n)[:, None], a] - k).sum()
        c = 1 - 2 / (n * k * (2 * n - 3 * k - 1)) * excess
        if metric == "euclidean":
            assert abs(c - trustworthiness(y, x, n_neighbors=k)) < 1e-12
        rho = spearmanr(pdist(x, metric), pdist(y)).correlation
        print(n, d, k, metric, *[repr(float(v)) for v in (kept, t, c, rho)], sep="\t")
