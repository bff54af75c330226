"""Eigenvalues by NumPy, for tst_Spectrum.

    python3 eigenvalues_reference.py DATA > eigenvalues.tsv

DATA is the folder of real data. Each line: file, dataset, features, centred (numpy.cov) or raw (second moment, divisor n),
then every 16th eigenvalue from the largest on.
"""
import sys
import h5py
import numpy as np

DATA = sys.argv[1]


def lines(file, dataset, x):
    x = x.astype(np.float64)
    for name, matrix in (("centred", np.cov(x, rowvar=False)), ("raw", x.T @ x / len(x))):
        w = np.linalg.eigvalsh(matrix)[::-1]
        print(file, dataset, len(x), name, *[repr(float(v)) for v in w[::16]], sep="\t")


print("# file dataset features kind eigenvalues")
with h5py.File(DATA + "/sae/pasttense_L4_saes.h5") as f:
    for g in ["L1_K10", "L2_K10", "final_K10"]:
        lines("sae/pasttense_L4_saes.h5", f"{g}/W_dec", f[g]["W_dec"][...])
x = np.load(DATA + "/embeddings/googlenews_8168x300.npy")
lines("embeddings/googlenews_8168x300.npy", "-", x[:8000])
