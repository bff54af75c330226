"""Spectra by NumPy, SciPy and the paper's formulas, for tst_Spectrum.

    python3 spectrum_reference.py DATA > spectrum.tsv

DATA is the folder of real data. Each line: file, dataset, features used, slope of log10 eigenvalue over log10
rank for the ranks 11 to 150 (numpy.polyfit), half-width of its 95 % t-interval, sum of ln eigenvalue over
these ranks, half the sum over the ranks 1 to 100, participation ratio.
"""
import sys
import h5py
import numpy as np
from scipy import stats

DATA = sys.argv[1]


def line(file, dataset, x):
    x = x.astype(np.float64)
    w = np.sort(np.linalg.eigvalsh(np.cov(x, rowvar=False)))[::-1]
    k = np.arange(11, 151)
    fit = stats.linregress(np.log10(k), np.log10(w[10:150]))
    half = stats.t.ppf(0.975, len(k) - 2) * fit.stderr
    print(file, dataset, len(x), *[repr(float(v)) for v in (fit.slope, half, np.log(w[10:150]).sum(),
          0.5 * np.log(w[:100]).sum(), w.sum() ** 2 / (w ** 2).sum())], sep="\t")


print("# file dataset features slope half-width log-determinant log-volume participation")
with h5py.File(DATA + "/sae/pasttense_L4_saes.h5") as f:
    for g in ["L1_K10", "L2_K10", "final_K10"]:
        line("sae/pasttense_L4_saes.h5", f"{g}/W_dec", f[g]["W_dec"][...])
x = np.load(DATA + "/embeddings/googlenews_8168x300.npy")
line("embeddings/googlenews_8168x300.npy", "-", x[:8000])
