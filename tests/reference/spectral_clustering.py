"""Reference for tst_AffinityReference: scikit-learn 1.2.1 SpectralClustering(affinity="precomputed") of planted topics.

    python3 spectral_clustering.py > spectral_clustering.csv

A feature's topic is drawn; it fires in a block of its topic with .25, of another with .05. A line per feature: its label
for phi + 1 with k = 2 and 5, and for Jaccard with k = 2 and 5.
"""
import numpy as np
from sklearn.cluster import SpectralClustering

features, blocks, topics = 700, 1200, 5
n = features + blocks + features * blocks
values = np.empty(n)
seed = 1
for i in range(n):
    seed = (1664525 * seed + 1013904223) % 2**32
    values[i] = (seed >> 8) / 2**24
topic = np.minimum((values[:features] ** 1.5 * topics).astype(int), topics - 1)
of = (values[features:features + blocks] * topics).astype(int)
rest = values[features + blocks:].reshape(blocks, features)
fires = (rest < np.where(of[:, None] == topic[None, :], 0.25, 0.05)).astype(float)
n11 = fires.T @ fires
own = np.diag(n11)
scale = np.sqrt(own * (blocks - own))
phi = (n11 * blocks - np.outer(own, own)) / np.outer(scale, scale)
jaccard = n11 / (own[:, None] + own[None, :] - n11)
columns = []
for affinity in (phi + 1, jaccard):
    for k in (2, 5):
        columns.append(SpectralClustering(k, affinity="precomputed", assign_labels="kmeans", random_state=0).fit_predict(affinity))
print("phi2,phi5,jaccard2,jaccard5")
for row in np.array(columns).T:
    print(*row, sep=",")
