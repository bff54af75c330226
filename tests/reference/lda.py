"""Silhouettes of scikit-learn's LDA on numbers that anyone can make again: writes lda.csv beside itself.

Sample i of class i mod c has the coordinates sin(1 + 1.7 i + 0.37 i j + j²) + sin(k (j + 1)) · strength with k its class.
"""
import os
import numpy as np
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis as LDA
from sklearn.metrics import silhouette_score


def samples(p, d, c, strength):
    i, j = np.arange(p)[:, None].astype(float), np.arange(d)[None].astype(float)
    k = i % c
    return np.sin(1 + 1.7 * i + 0.37 * i * j + j * j) + strength * np.sin(k * (j + 1)), (np.arange(p) % c)


with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "lda.csv"), "w") as f:
    f.write("samples,dimensions,classes,strength,solver,components,silhouette\n")
    for p, d, c, strength in ((120, 30, 5, 0.3), (60, 100, 4, 0.2), (90, 90, 6, 0.2)):
        x, y = samples(p, d, c, strength)
        f.write(f"{p},{d},{c},{strength},raw,{d},{silhouette_score(x, y):.12f}\n")
        for name, make in (("svd", lambda n: LDA(n_components=n)),
                           ("ledoit-wolf", lambda n: LDA(n_components=n, solver="eigen", shrinkage="auto")),
                           ("0.3", lambda n: LDA(n_components=n, solver="eigen", shrinkage=0.3))):
            for n in range(2, c):
                z = make(n).fit(x, y).transform(x)
                f.write(f"{p},{d},{c},{strength},{name},{n},{silhouette_score(z, y):.12f}\n")
