"""The paper's entropy estimate for given rows, by NumPy and SciPy, for tests/core/galaxy/tst_ClusteringEntropy.cpp.

python3 clustering_entropy.py > clustering_entropy.csv   (NumPy 1.24, SciPy 1.10)
Rows and resamples come from the generator of mutual_information.py, which the test repeats: 24-bit draws, made symmetric and
divided by a power of two, so that float32 holds them exactly.
"""
import numpy as np
from scipy.spatial.distance import cdist
from scipy.special import digamma, gammaln


def draws(n, seed):
    x, out = seed, []
    for _ in range(n):
        x = (1664525 * x + 1013904223) % 2**32
        out.append(x >> 8)
    return np.array(out)


print("n,d,k,published_entropy,published_gaussian,textbook_entropy")
for n, d, k in [(300, 3, 1), (400, 20, 1), (250, 7, 3)]:
    X = (draws(n * d, 5).reshape(n, d) - 2**23) / 2**20
    pick = draws(n, 6) % n
    Z = X[pick]
    R = cdist(Z, Z)
    np.fill_diagonal(R, np.inf)
    r = np.sort(R, axis=1)[:, k - 1]
    lam = np.maximum(np.linalg.eigvalsh(np.cov(Z.T)), 1e-10)
    published = d * np.mean(np.log(r + 0.01)) + np.mean(np.log(lam)) + np.log(n - 1) - digamma(k + 1)
    gauss = d / 2 * (1 + np.log(2 * np.pi)) + np.log(lam).sum() / 2
    R = cdist(X, X)
    np.fill_diagonal(R, np.inf)
    r = np.sort(R, axis=1)[:, k - 1]
    textbook = digamma(n) - digamma(k) + d / 2 * np.log(np.pi) - gammaln(d / 2 + 1) + d * np.mean(np.log(r))
    print(f"{n},{d},{k},{published:.12g},{gauss:.12g},{textbook:.12g}")
