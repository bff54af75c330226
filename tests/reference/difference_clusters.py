"""K-means of all ordered differences by scikit-learn, for tests/core/crystals/tst_DifferenceClusters.cpp.

python3 difference_clusters.py > difference_clusters.csv   (NumPy 1.24, scikit-learn 1.2)
36 points in 4 dimensions; means to begin with: four differences and their opposites, so that the means stay in opposite
pairs. Lines: `point` x1..x4; `first` m1..m4 (one of each pair); `steps5` and `steps60` the means after so many steps at
most, with the number of unordered pairs in each.
"""
import csv, sys
import numpy as np
from sklearn.cluster import KMeans

r = np.random.default_rng(7)
X = (r.standard_normal((36, 4)) + 2.5 * r.integers(0, 2, (36, 1)) * r.standard_normal(4)).astype(np.float32).astype(np.float64)
i, j = np.where(~np.eye(len(X), dtype=bool))
D = X[j] - X[i]
first = np.array([X[b] - X[a] for a, b in ((0, 1), (2, 9), (5, 30), (11, 20))])
out = csv.writer(sys.stdout)
for x in X:
    out.writerow(["point"] + [repr(float(v)) for v in x])
for m in first:
    out.writerow(["first"] + [repr(float(v)) for v in m])
for steps in (5, 60):
    k = KMeans(8, init=np.concatenate([first, -first]), n_init=1, max_iter=steps, tol=0, algorithm="lloyd").fit(D)
    assert np.abs(k.cluster_centers_[:4] + k.cluster_centers_[4:]).max() < 1e-9
    for m in range(4):
        out.writerow([f"steps{steps}"] + [repr(float(v)) for v in k.cluster_centers_[m]] + [(k.labels_ == m).sum()])
