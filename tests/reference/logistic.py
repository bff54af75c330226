"""Reference for tst_LogisticRegression: scikit-learn 1.2.1 LogisticRegression(C=1, max_iter=1000).

Columns: classes, balanced accuracy on the last fifth, then five coefficients of class 0 (of class 1 where there are two).
"""
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score


def draws(n, seed):
    out = []
    for _ in range(n):
        seed = (1664525 * seed + 1013904223) % 2**32
        out.append((seed >> 8) / 2**24 - 0.5)
    return np.array(out)


n, d = 600, 8
print("classes,accuracy,w0,w1,w2,w3,w4")
for k in (2, 4):
    x = np.float32(draws(n * d, 1).reshape(n, d))
    noise = draws(n, 2)
    score = x[:, 0] + 0.5 * x[:, 1] + 0.3 * noise
    y = np.minimum(k - 1, np.floor((score + 0.6) / 1.2 * k).clip(0).astype(int))
    split = int(0.8 * n)
    model = LogisticRegression(C=1.0, max_iter=1000, tol=1e-8).fit(x[:split], y[:split])
    accuracy = balanced_accuracy_score(y[split:], model.predict(x[split:]))
    print(k, f"{accuracy:.6f}", *(f"{w:.6f}" for w in model.coef_[0][:5]), sep=",")
