"""Neighbours of word-vector queries by NumPy, for tst_VectorAlgebra.

    python3 vector_algebra_reference.py DATA > vector_algebra.tsv

DATA is the folder of real data; of it googlenews_8168x300.npy and its labels are read. Each line: query,
then ten times the index and the cosine of the nearest, the query's own words left out. Unit rows, float64.
"""
import sys
import numpy as np

folder = sys.argv[1] + "/embeddings/googlenews_8168x300"
x = np.load(folder + ".npy").astype(np.float64)
x /= np.linalg.norm(x, axis=1, keepdims=True)
index = {w: i for i, w in enumerate(open(folder + ".labels.txt", encoding="utf-8").read().split("\n"))}

for query in ["king - man + woman", "France", "Paris - France + Japan", "better - good + bad",
              "Berlin - Germany + Italy", "- bad + good"]:
    sign, terms, v = 1.0, [], np.zeros(x.shape[1])
    for word in query.split():
        if word in "+-":
            sign = 1.0 if word == "+" else -1.0
        else:
            terms.append(index[word])
            v += sign * x[index[word]]
    c = x @ (v / np.linalg.norm(v))
    c[terms] = -np.inf
    best = np.argsort(-c, kind="stable")[:10]
    print(query, *[f"{i}\t{c[i]:.9f}" for i in best], sep="\t")
