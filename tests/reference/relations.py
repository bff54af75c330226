"""Analogy accuracies and offset cosines of word-pair tasks by NumPy, for tests/core/crystals/tst_RelationScores.cpp.

python3 relations.py DATA > relations.csv   (DATA: the folder with embeddings/ and tasks/; NumPy 1.24)
All ordered pairs of the pairs whose words are both labels, each pair once, the two words different; unit rows, float64.
"""
import csv, json, pathlib, sys
import numpy as np

data = pathlib.Path(sys.argv[1])
X = np.load(data / "embeddings/googlenews_8168x300.npy").astype(np.float64)
X /= np.linalg.norm(X, axis=1, keepdims=True)
labels = (data / "embeddings/googlenews_8168x300.labels.txt").read_text(encoding="utf8").split("\n")[: len(X)]
index = {w: i for i, w in enumerate(labels)}

tasks = {}
for name in ["country-capital", "present-past", "singular-plural", "capitalize_first_letter", "next_item", "english-french"]:
    tasks[name] = [(e["input"], e["output"]) for e in json.loads((data / f"tasks/function_vectors/{name}.json").read_text())]
category = None
for line in (data / "tasks/google_questions-words.txt").read_text().splitlines():
    if line.startswith(":"):
        category = line[2:]
    elif category in ("family", "capital-common-countries", "gram3-comparative", "currency", "gram6-nationality-adjective"):
        a, b, c, d = line.split()
        tasks.setdefault(category, []).extend([(a, b), (c, d)])

out = csv.writer(sys.stdout)
out.writerow(["task", "pairs", "cosine", "spread", "accuracy_3cosadd", "accuracy_3cosmul"])
for name, pairs in tasks.items():
    p = [(index[a], index[b]) for a, b in dict.fromkeys(pairs) if a in index and b in index and a != b]
    first, second = X[[a for a, _ in p]], X[[b for _, b in p]]
    U = second - first
    length = np.linalg.norm(U, axis=1)
    U /= length[:, None]
    k = len(p)
    cosine = ((U.sum(0) ** 2).sum() - k) / (k * (k - 1))
    SA, SB = first @ X.T, second @ X.T
    add = mul = 0
    for i in range(k):
        S = SB[i] - SA[i] + SA
        M = (SB[i] + 1) * (SA + 1) / (SA[i] + 1 + 0.002)
        for T in (S, M):
            T[:, list(p[i])] = -9
            T[np.arange(k), [a for a, _ in p]] = -9
        right = np.array([b for _, b in p])
        others = np.arange(k) != i
        add += (S.argmax(1) == right)[others].sum()
        mul += (M.argmax(1) == right)[others].sum()
    n = k * (k - 1)
    out.writerow([name, k, f"{cosine:.12g}", f"{length.std(ddof=1) / length.mean():.12g}", f"{add / n:.12g}", f"{mul / n:.12g}"])
