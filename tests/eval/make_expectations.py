#!/usr/bin/env python3
"""Writes expectations.json beside this file: what scikit-learn says of random cases.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install scikit-learn==1.9.1 && /tmp/venv/bin/python make_expectations.py

Logits are multiples of 1/64 and embeddings small whole numbers, so that float32 holds them exactly.
Undefined numbers are null.
"""

import json
import math
import pathlib
import warnings

import numpy as np
from sklearn import metrics

warnings.filterwarnings("ignore")
SCALE = 64


def log_odds(row, c):
    others = sorted(float(v) for j, v in enumerate(row) if j != c)
    return float(row[c]) - others[-1] - math.log(sum(math.exp(v - others[-1]) for v in others))


def number(value):
    value = float(value)
    return value if math.isfinite(value) else None


def area(truth, logits, c):
    positive = truth == c
    if positive.all() or not positive.any():
        return float("nan")
    return metrics.roc_auc_score(positive, [log_odds(row, c) for row in logits])


def classification(name, truth, scaled):
    truth = np.asarray(truth)
    logits = np.asarray(scaled, dtype=np.float64) / SCALE
    classes = logits.shape[1]
    predicted = logits.argmax(axis=1)
    labels = np.arange(classes)
    areas = [area(truth, logits, c) for c in labels]
    if classes == 2:
        auroc = areas[1]
    else:
        defined = [a for a in areas if math.isfinite(a)]
        auroc = sum(defined) / len(defined) if defined else float("nan")
    tied = len(np.unique(logits, axis=0)) < len(logits) or "ties" in name
    if classes > 2 and set(truth) == set(labels) and not tied:
        softmax = np.exp(logits - logits.max(axis=1, keepdims=True))
        softmax /= softmax.sum(axis=1, keepdims=True)
        assert abs(auroc - metrics.roc_auc_score(truth, softmax, multi_class="ovr")) < 1e-12, name
    precision, recall, f1, support = metrics.precision_recall_fscore_support(
        truth, predicted, labels=labels, zero_division=0)
    return {
        "name": name,
        "truth": truth.tolist(),
        "logits_times_64": [int(v) for v in np.asarray(scaled).ravel()],
        "classes": classes,
        "confusion": metrics.confusion_matrix(truth, predicted, labels=labels).ravel().tolist(),
        "accuracy": number(metrics.accuracy_score(truth, predicted)),
        "balanced_accuracy": number(metrics.balanced_accuracy_score(truth, predicted)),
        "weighted_f1": number(metrics.f1_score(truth, predicted, average="weighted")),
        "macro_f1": number(metrics.f1_score(truth, predicted, average="macro")),
        "linear_kappa": number(metrics.cohen_kappa_score(truth, predicted, weights="linear")),
        "auroc": number(auroc),
        "auroc_per_class": [number(a) for a in areas],
        "precision": precision.tolist(),
        "recall": recall.tolist(),
        "f1": f1.tolist(),
        "support": support.tolist(),
    }


def random_case(rng, name, n, classes, signal=1.0, truth_classes=None, never=(), levels=None):
    pool = list(range(classes)) if truth_classes is None else truth_classes
    share = rng.dirichlet(np.ones(len(pool)))
    truth = rng.choice(pool, size=n, p=share)
    logits = rng.normal(size=(n, classes))
    logits[np.arange(n), truth] += signal
    for c in never:
        logits[:, c] -= 20
    if levels is not None:
        scaled = np.clip(np.round(logits), 0, levels) * SCALE
    else:
        scaled = np.round(logits * SCALE)
    return classification(name, truth, scaled)


def retrieval(rng, images, notes, width, classes):
    image = rng.integers(-40, 41, size=(images, width))
    labels = rng.integers(0, classes, size=images)
    owner = np.concatenate([np.arange(images), rng.integers(0, images, size=notes - images)])
    note = image[owner] + rng.integers(-40, 41, size=(notes, width))
    unit = lambda m: m / np.linalg.norm(m, axis=1, keepdims=True)
    sides = {"image": (unit(image), np.arange(images)), "text": (unit(note), owner)}
    result = {"images": image.ravel().tolist(), "labels": labels.tolist(),
              "notes": note.ravel().tolist(), "note_images": owner.tolist(), "width": width, "cases": []}
    for source in sides:
        for target in sides:
            for pair_in in (True, False):
                queries, query_owner = sides[source]
                pool, pool_owner = sides[target]
                out = {f"P@{k}": [] for k in (5, 10, 20)} | {"mAP": []}
                out |= {f"R@{k}": [] for k in (1, 5, 10)} | {"median_rank": []}
                for q in range(len(queries)):
                    keep = np.ones(len(pool), dtype=bool)
                    if source == target:
                        keep[q] = False
                    if not pair_in:
                        keep &= pool_owner != query_owner[q]
                    scores = (pool @ queries[q])[keep]
                    assert len(np.unique(np.round(scores, 6))) == len(scores)
                    own = (pool_owner == query_owner[q])[keep]
                    relevant = (labels[pool_owner] == labels[query_owner[q]])[keep]
                    order = np.argsort(-scores)
                    for k in (5, 10, 20):
                        out[f"P@{k}"].append(relevant[order][:k].mean())
                    out["mAP"].append(metrics.average_precision_score(relevant, scores)
                                      if relevant.any() else float("nan"))
                    if own.any():
                        rank = int(np.argmax(own[order])) + 1
                        out["median_rank"].append(rank)
                        for k in (1, 5, 10):
                            out[f"R@{k}"].append(float(rank <= k))
                case = {"direction": f"{source}_to_{target}", "pair_in": pair_in, "values": {}}
                for key, values in out.items():
                    values = np.asarray(values, dtype=float)
                    values = values[~np.isnan(values)]
                    if len(values):
                        case["values"][key] = number(
                            np.median(values) if key == "median_rank" else values.mean())
                result["cases"].append(case)
    return result


def main():
    rng = np.random.default_rng(20261124)
    cases = [
        random_case(rng, "eight classes", 400, 8),
        random_case(rng, "three classes", 300, 3, signal=0.5),
        random_case(rng, "binary", 300, 2),
        random_case(rng, "external set with three of eight", 250, 8, truth_classes=[0, 2, 6]),
        random_case(rng, "classes never predicted", 200, 6, never=(1, 4)),
        random_case(rng, "class neither in truth nor predicted", 200, 5, truth_classes=[0, 2, 4], never=(1,)),
        random_case(rng, "ties of scores", 200, 4, levels=2),
        random_case(rng, "ties of scores, binary", 200, 2, levels=1),
        random_case(rng, "one class in truth", 60, 4, truth_classes=[2]),
        classification("one class in truth and predictions", [1] * 9, [[0, SCALE, 0]] * 9),
        classification("all wrong", [0, 0, 1, 1], [[0, SCALE], [0, SCALE], [SCALE, 0], [SCALE, 0]]),
        classification("one sample", [1], [[0, SCALE, 5]]),
        classification("all scores equal (ties)", [0, 1, 2, 1], [[0, 0, 0]] * 4),
    ]
    for i in range(60):
        classes = int(rng.integers(2, 7))
        cases.append(random_case(rng, f"small {i}{' ties' if i % 3 == 0 else ''}", int(rng.integers(1, 30)),
                                 classes, signal=float(rng.uniform(0, 3)), levels=2 if i % 3 == 0 else None))
    expectations = {"classification": cases, "retrieval": retrieval(rng, 40, 70, 12, 4)}
    path = pathlib.Path(__file__).with_name("expectations.json")
    path.write_text(json.dumps(expectations, separators=(",", ":")) + "\n")
    print(path, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
