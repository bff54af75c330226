"""Reads what tst_ResultFile wrote with numpy and h5py and compares it with what went in."""
import csv
import json
import pathlib
import sys

import h5py
import numpy as np

folder = pathlib.Path(sys.argv[1])
labels = ["=1+1", 'say "hi",\nyou', "\u00e4 \U0001f600"]
position = np.array([[1.5, -2], [0.1, 1e-7], [3, 4]], dtype=np.float32)
cosine = np.array([0.1, -1, np.nan])


def check(arrays, text):
    assert arrays["feature"].dtype == np.int32 and list(arrays["feature"]) == [0, 1, 2]
    assert [text(label) for label in arrays["label"]] == labels
    assert arrays["position"].dtype == np.float32 and np.array_equal(arrays["position"], position)
    assert np.array_equal(arrays["cosine"], cosine, equal_nan=True)
    assert list(arrays["eigenvalues"]) == [2.5, 1.25]
    assert arrays["blocks"].shape == () and int(arrays["blocks"]) == 10**12
    assert list(arrays["phi/2"]) == [0, 1, 0]


npz = np.load(folder / "r.npz")
check(npz, str)
options = json.loads(str(npz["__options__"]))
assert options == {"method": "pca", "note": 'a "quoted" \n line'}

with h5py.File(folder / "r.h5") as file:
    check({name: file[name][()] for name in (*npz.files[:-1],)}, lambda label: label.decode())
    assert file.attrs["method"] == "pca" and file.attrs["note"] == options["note"]

npy = np.load(folder / "r.npy")
assert npy.dtype == np.int32 and list(npy) == [0, 1, 2]

with open(folder / "r.csv", newline="") as file:
    rows = list(csv.reader(file))
assert rows[0] == ["feature", "label", "position_0", "position_1", "cosine", "phi/2"]
assert rows[1][1] == "'=1+1" and rows[2][1] == labels[1] and rows[3][1] == labels[2]
assert np.float32(rows[2][2]) == position[1, 0]
