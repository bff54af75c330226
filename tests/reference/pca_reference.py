"""Principal components by NumPy (float64 SVD of the centred matrix), for tst_Pca.

    python3 pca_reference.py > pca.tsv

Data come from a formula that the test repeats: x[i, j] = ((7919 i + 104729 j + 31 i j + 17 i^2) mod 1009) / 500 - 1,
scaled by (1 + j)^-1/2, plus an offset. Each line: n, d, offset, centred (1) or not (0), then six eigenvalues
(divisor n - 1), then the first feature's six coordinates with the sign that makes the largest entry of the axis positive.
"""
import numpy as np

print("# n d offset centred eigenvalues[6] first coordinates[6]")
for n, d, offset, centred in [(700, 30, 0, 1), (40, 90, 0, 1), (700, 30, 100, 1), (700, 30, 1, 0), (1500, 600, 0, 1),
                              (500, 800, 0, 1)]:
    i, j = np.arange(n)[:, None], np.arange(d)[None, :]
    x = ((7919 * i + 104729 * j + 31 * i * j + 17 * i * i) % 1009) / 500.0 - 1.0
    x = x.astype(np.float32) / np.sqrt((1 + j).astype(np.float32)) + np.float32(offset)
    x = x.astype(np.float32).astype(np.float64)
    c = x - x.mean(0) if centred else x
    u, s, vt = np.linalg.svd(c, full_matrices=False)
    vt = vt[:6] * np.sign(vt[np.arange(6), np.abs(vt[:6]).argmax(1)])[:, None]
    print(n, d, offset, centred, *[repr(float(v)) for v in (s[:6] ** 2 / (n - 1))],
          *[repr(float(v)) for v in c[0] @ vt.T], sep="\t")
