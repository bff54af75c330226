"""Analogy accuracies and offset cosines of word-pair tasks by NumPy, for tests/core/crystals/tst_RelationScores.cpp.

python3 relations.py DATA > relations.csv   (DATA: the folder with embeddings/ and tasks/; NumPy 1.24; three minutes)
All ordered pairs of the pairs whose words are both labels (exactly, else without case, the first such label), each pair
once, the two words different; unit rows, float64. A question whose answer is one of the three words that are left out
cannot be answered and is not asked. `shuffled`: the mean cosine over all pairings, by inclusion and exclusion: the mean
over i != j, s != t of u_is . u_jt, with u_is the unit offset from first word i to second word s.
`readme`: the figure of DATA/README.md, taken there over at most 3000 questions, drawn where there are more.
"""
import csv, json, pathlib, sys
import numpy as np

README = {
    "country-capital": .81, "present-past": .58, "singular-plural": .88, "antonym": .12, "synonym": .11,
    "english-french": .08, "next_item": .18, "capitalize_first_letter": None,
    "capital-common-countries": .917, "capital-world": .871, "family": .934, "gram3-comparative": .902,
    "gram4-superlative": .885, "gram6-nationality-adjective": .962, "gram8-plural": .850,
    "gram5-present-participle": .842, "gram7-past-tense": .702, "gram9-plural-verbs": .699, "gram2-opposite": .478,
    "gram1-adjective-to-adverb": .433, "currency": .32}

data = pathlib.Path(sys.argv[1])
X = np.load(data / "embeddings/googlenews_8168x300.npy").astype(np.float64)
X /= np.linalg.norm(X, axis=1, keepdims=True)
labels = (data / "embeddings/googlenews_8168x300.labels.txt").read_text(encoding="utf8").split("\n")[: len(X)]
exact = {w: i for i, w in enumerate(labels)}
folded = {}
for i, w in enumerate(labels):
    folded.setdefault(w.casefold(), i)


def find(word):
    return exact.get(word, folded.get(word.casefold()))


tasks = {}
for file in sorted((data / "tasks/function_vectors").glob("*.json")):
    if file.stem in README:
        tasks[file.stem] = [(e["input"], e["output"]) for e in json.loads(file.read_text())]
category = None
for line in (data / "tasks/google_questions-words.txt").read_text().splitlines():
    if line.startswith(":"):
        category = line[2:]
    elif category in README:
        a, b, c, d = line.split()
        tasks.setdefault(category, []).extend([(a, b), (c, d)])


def shuffled_cosine(first, second):
    p, d = first.shape
    total, rows, columns, own = np.zeros(d), 0.0, np.zeros((p, d)), 0
    made = np.zeros((p, p))  # a word that is both first and second makes no offset with itself
    for i in range(p):
        u = second - first[i]
        length = np.linalg.norm(u, axis=1, keepdims=True)
        u = np.divide(u, length, out=np.zeros_like(u), where=length > 0)
        made[i] = length[:, 0] > 0
        own += made[i].sum()
        row = u.sum(0)
        total += row
        rows += row @ row
        columns += u
    counted = own * own - (made.sum(1) ** 2).sum() - (made.sum(0) ** 2).sum() + own
    return (total @ total - rows - (columns * columns).sum() + own) / counted


out = csv.writer(sys.stdout)
out.writerow(["task", "pairs", "cosine", "spread", "shuffled", "questions", "accuracy_3cosadd", "accuracy_3cosmul", "readme"])
for name in README:
    p = [(find(a), find(b)) for a, b in dict.fromkeys(tasks[name])]
    p = list(dict.fromkeys((a, b) for a, b in p if a is not None and b is not None and a != b))
    A, B = np.array([a for a, _ in p]), np.array([b for _, b in p])
    first, second = X[A], X[B]
    U = second - first
    length = np.linalg.norm(U, axis=1)
    U /= length[:, None]
    k = len(p)
    cosine = ((U.sum(0) ** 2).sum() - k) / (k * (k - 1))
    SA, SB = first @ X.T, second @ X.T
    add = mul = questions = 0
    for i in range(k):
        asked = (np.arange(k) != i) & (B != A[i]) & (B != B[i])
        S = SB[i] - SA[i] + SA
        M = (SB[i] + 1) * (SA + 1) / (SA[i] + 1 + 0.002)
        for T in (S, M):
            T[:, list(p[i])] = -9
            T[np.arange(k), A] = -9
        add += (S.argmax(1) == B)[asked].sum()
        mul += (M.argmax(1) == B)[asked].sum()
        questions += asked.sum()
    out.writerow([name, k, f"{cosine:.12g}", f"{length.std(ddof=1) / length.mean():.12g}",
                  f"{shuffled_cosine(first, second):.12g}", questions, f"{add / questions:.12g}",
                  f"{mul / questions:.12g}", "" if README[name] is None else README[name]])
    sys.stdout.flush()
