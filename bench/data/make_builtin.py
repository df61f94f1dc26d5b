"""Write the embedded tables datasets/data/*.csv.gz from an installed scikit-learn.

    python bench/data/make_builtin.py [output folder]

The same scikit-learn and zlib give the same bytes. Made with scikit-learn 1.9.1.
Sources and licences are listed in NOTICE.
"""

import csv
import gzip
import io
import pathlib
import sys

import numpy as np
from sklearn import datasets


def number(v):
    """The shortest decimal that reads back as v, without a trailing '.0'."""
    return np.format_float_positional(float(v), trim="-")


def write(folder, name, features, rows, target, labels):
    text = io.StringIO(newline="")
    out = csv.writer(text, lineterminator="\n")
    out.writerow([*features, target])
    for row, label in zip(rows, labels, strict=True):
        out.writerow([*map(number, row), label])
    path = folder / f"{name}.csv.gz"
    with path.open("wb") as raw:
        with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=raw, mtime=0) as z:
            z.write(text.getvalue().encode())
    print(f"{path}: {len(rows)} rows, {len(features)} features, {path.stat().st_size} bytes")


def main():
    here = pathlib.Path(__file__).resolve().parents[2] / "datasets" / "data"
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else here
    folder.mkdir(parents=True, exist_ok=True)

    classed = [
        ("iris", datasets.load_iris(), "species"),
        ("wine", datasets.load_wine(), "cultivar"),
        ("breast-cancer", datasets.load_breast_cancer(), "diagnosis"),
        ("digits", datasets.load_digits(), "digit"),
    ]
    for name, d, target in classed:
        labels = [str(d.target_names[k]) for k in d.target]
        write(folder, name, d.feature_names, d.data, target, labels)

    # In the units of measurement; scikit-learn scales the columns by default.
    d = datasets.load_diabetes(scaled=False)
    write(folder, "diabetes", d.feature_names, d.data, "progression", map(number, d.target))


if __name__ == "__main__":
    main()
