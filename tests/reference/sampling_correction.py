"""Mean sample eigenvalues of Gaussian clouds by NumPy, for tst_SamplingCorrection.

    python3 sampling_correction.py > sampling_correction.tsv

Each line: name, features n, dimensions d, then for every fifth rank from 1 on the mean over 400 clouds of the
eigenvalue of numpy.cov. Populations: rank ** -0.5, rank ** -1.2, a staircase of 4, 2 and 1, a flat one with three
spikes of 6, 4 and 3.
"""
import numpy as np

DRAWS = 400


def populations(d):
    rank = np.arange(1, d + 1.0)
    yield "power-0.5", rank ** -0.5
    yield "power-1.2", rank ** -1.2
    yield "stairs", np.repeat([4.0, 2.0, 1.0], d // 3)
    yield "spikes", np.r_[6.0, 4.0, 3.0, np.ones(d - 3)]


print("# name features dimensions mean eigenvalues of every fifth rank")
for n, d in [(240, 60), (1200, 60), (500, 150)]:
    for name, tau in populations(d):
        r = np.random.default_rng(7)
        total = np.zeros(d)
        for _ in range(DRAWS):
            x = r.standard_normal((n, d)) * np.sqrt(tau)
            total += np.linalg.eigvalsh(np.cov(x, rowvar=False))[::-1]
        print(name, n, d, *[f"{v:.6g}" for v in (total / DRAWS)[::5]], sep="\t")
