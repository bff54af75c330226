"""Adjusted mutual information by scikit-learn, for tests/core/lobes/tst_MutualInformation.cpp.

The labels come from a small linear congruential generator that the test repeats, so only the figures are kept:
python3 mutual_information.py > mutual_information.csv   (made with scikit-learn 1.2.1)
"""
import numpy as np
from sklearn.metrics import adjusted_mutual_info_score, mutual_info_score


def draws(n, seed):
    x, out = seed, []
    for _ in range(n):
        x = (1664525 * x + 1013904223) % 2**32
        out.append(x >> 8)
    return np.array(out)


print("n,k_first,k_second,copied_percent,mutual_information,adjusted")
for n, k, m, copied in [(12, 3, 4, 0), (200, 2, 2, 50), (1000, 8, 5, 30), (5000, 3, 200, 10), (16384, 128, 256, 60), (16384, 1024, 1024, 5)]:
    a = draws(n, 1) % k
    b = np.where(draws(n, 2) % 100 < copied, a % m, draws(n, 3) % m)
    print(f"{n},{k},{m},{copied},{mutual_info_score(a, b):.15g},{adjusted_mutual_info_score(a, b):.15g}")
