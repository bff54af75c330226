"""Reference figures of maps: prints one JSON object, kept beside this file as maps.json.

    python3 tests/reference/maps.py DATA_FOLDER > tests/reference/maps.json

scikit-learn's t-SNE and umap-learn on real dictionaries, rows divided by their lengths. kept: the share
of the 10 nearest neighbours (Euclidean, of the unit rows) that are among the 10 nearest of the map.
ab: umap.umap_.find_ab_params(spread, min_dist).
"""
import json
import sys

import h5py
import numpy as np
import sklearn
import umap
from sklearn.manifold import TSNE
from sklearn.neighbors import NearestNeighbors


def nearest(x):
    return NearestNeighbors(n_neighbors=10).fit(x).kneighbors(return_distance=False)


def kept(x, y):
    return float(np.mean([len(np.intersect1d(a, b)) for a, b in zip(nearest(x), nearest(y))]) / 10)


folder = sys.argv[1]
sets = {
    "googlenews": np.load(folder + "/embeddings/googlenews_8168x300.npy"),
}
with h5py.File(folder + "/sae/pasttense_L4_saes.h5") as saes:
    for group in ("L1_K10", "L2_K10", "final_K5", "final_K10", "final_K15", "final_K20"):
        sets[group] = saes[group]["W_dec"][()]
result = {"scikit-learn": sklearn.__version__, "umap-learn": umap.__version__, "tsne": {}, "umap": {}}
for name, x in sets.items():
    x = x / np.linalg.norm(x, axis=1, keepdims=True)
    for dimensions in (2, 3):
        t = TSNE(dimensions, perplexity=30, init="pca", learning_rate="auto", n_iter=1000, random_state=0)
        y = t.fit_transform(x)
        key = f"{name}/{dimensions}"
        result["tsne"][key] = {"n": len(x), "kl": float(t.kl_divergence_), "kept": kept(x, y)}
        y = umap.UMAP(n_components=dimensions, metric="cosine", random_state=0).fit_transform(x)
        result["umap"][key] = {"kept": kept(x, y)}
        print(key, result["tsne"][key], result["umap"][key], file=sys.stderr, flush=True)
result["ab"] = [
    [spread, dist, *map(float, umap.umap_.find_ab_params(spread, dist))]
    for spread, dist in ((1.0, 0.1), (1.0, 0.0), (1.0, 0.001), (1.0, 0.25), (1.0, 0.5), (1.0, 0.8), (1.0, 0.99), (2.0, 0.5))
]
print(json.dumps(result, indent=1))
