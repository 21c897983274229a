#!/usr/bin/env python3
"""Writes comparison_expectations.json beside this file: what scikit-learn, scipy and statsmodels say of
random cases. Installed as make_expectations.py says, with scipy==1.17.1 and statsmodels==0.15.0 too.

DeLong's test is in none of them: here it is the authors' definition, all pairs compared.
"""

import json
import pathlib

import numpy as np
from scipy import stats
from sklearn import metrics
from statsmodels.stats.multitest import multipletests

SCALE = 64


def delong(rng, name, n, levels=None, shift=1.0):
    positive = (rng.uniform(size=n) < 0.4).astype(int)
    positive[:2] = [0, 1]
    common = rng.normal(size=n)
    scores = [np.round((common + rng.normal(size=n) + strength * positive) * (levels or SCALE))
              for strength in (shift, shift * 0.7)]
    areas, on_positives, on_negatives = [], [], []
    for score in scores:
        above, below = score[positive == 1], score[positive == 0]
        wins = (above[:, None] > below[None, :]) + 0.5 * (above[:, None] == below[None, :])
        areas.append(metrics.roc_auc_score(positive, score))
        assert abs(areas[-1] - wins.mean()) < 1e-12
        on_positives.append(wins.mean(axis=1))
        on_negatives.append(wins.mean(axis=0))
    covariance = np.cov(on_positives) / len(on_positives[0]) + np.cov(on_negatives) / len(on_negatives[0])
    error = float(np.sqrt(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]))
    z = (areas[1] - areas[0]) / error
    return {"name": name, "positive": positive.tolist(), "first": scores[0].tolist(), "second": scores[1].tolist(),
            "areas": areas, "standard_error": error, "p_value": 2 * stats.norm.sf(abs(z)),
            "half_width": stats.norm.ppf(0.975) * error}


def wilcoxon(rng, name, n, levels=None, shift=0.3):
    values = rng.normal(size=n) + shift
    if levels is not None:
        values = np.round(values * levels)
    if levels is None and n <= 50:
        p = stats.wilcoxon(values, method="exact").pvalue
    elif n > 50:
        p = stats.wilcoxon(values, method="approx", correction=False).pvalue
    else:  # exact at ties too: over all signs
        kept = values[values != 0]
        ranks = stats.rankdata(np.abs(kept))
        smaller = min(ranks[kept > 0].sum(), ranks[kept < 0].sum())
        signs = (np.arange(2 ** len(kept))[:, None] >> np.arange(len(kept))) & 1
        p = min(1.0, 2 * float((signs @ ranks <= smaller).mean()))
    return {"name": name, "differences": values.tolist(), "p_value": float(p)}


def scores(rng, name, n, classes, levels=None):
    truth = rng.integers(0, classes, size=n)
    logits = rng.normal(size=(n, classes)) * 2
    logits[np.arange(n), truth] += 1
    scaled = np.round(logits * (levels or SCALE)) * (SCALE // (levels or SCALE))
    logits = scaled / SCALE
    softmax = np.exp(logits - logits.max(axis=1, keepdims=True))
    softmax /= softmax.sum(axis=1, keepdims=True)
    confidence, right = softmax.max(axis=1), softmax.argmax(axis=1) == truth
    ece = 0
    for b in range(15):
        inside = (confidence > b / 15) & (confidence <= (b + 1) / 15)
        if inside.any():
            ece += inside.mean() * abs(confidence[inside].mean() - right[inside].mean())
    positive = (truth == 0).astype(int)
    score = scaled[:, 0]
    false_positives, sensitivity, _ = metrics.roc_curve(positive, score, drop_intermediate=False)
    at_specificity = {str(s): float(sensitivity[1 - false_positives >= s].max()) for s in (0.5, 0.8, 0.9, 0.95)}
    at_sensitivity = {str(s): float((1 - false_positives)[sensitivity >= s].max()) for s in (0.5, 0.8, 0.9, 0.95)}
    # As the ISIC 2024 challenge scored: the classes changed, so that the part lies below a false positive rate.
    scaled_part = metrics.roc_auc_score(1 - positive, -score, max_fpr=0.2)
    part = 0.5 * 0.2**2 + (0.2 - 0.5 * 0.2**2) / 0.5 * (scaled_part - 0.5)
    order = np.argsort(-confidence, kind="stable")
    area = np.mean(np.cumsum(~right[order]) / np.arange(1, n + 1)) if len(np.unique(confidence)) == n else None
    probability = softmax[:, 0]
    benefit = {}
    for t in (0.1, 0.3, 0.5):
        called = probability >= t
        benefit[str(t)] = float((called & (positive == 1)).mean() - (called & (positive == 0)).mean() * t / (1 - t))
    return {"name": name, "truth": truth.tolist(), "classes": classes, "logits_times_64": [int(v) for v in scaled.ravel()],
            "ece": float(ece), "brier": float(((softmax - np.eye(classes)[truth]) ** 2).sum(axis=1).mean()),
            "log_loss": float(metrics.log_loss(truth, softmax, labels=np.arange(classes))),
            "sensitivity_at": at_specificity, "specificity_at": at_sensitivity, "area_above_80": float(part),
            "risk_coverage_area": area, "net_benefit": benefit}


def main():
    rng = np.random.default_rng(20261201)
    p_values = [[0.01, 0.04, 0.03, 0.005], [0.5], [0.2, 0.2, 0.2], rng.uniform(size=30).tolist()]
    expectations = {
        "delong": [delong(rng, "many", 300), delong(rng, "ties", 200, levels=2), delong(rng, "few", 12),
                   delong(rng, "no difference", 150, shift=0.0)],
        "wilcoxon": [wilcoxon(rng, "five", 5), wilcoxon(rng, "fifty", 50), wilcoxon(rng, "ties", 12, levels=2),
                     wilcoxon(rng, "many", 200), wilcoxon(rng, "many ties", 120, levels=3, shift=0.1)],
        "holm": [{"p_values": p, "adjusted": multipletests(p, method="holm")[1].tolist()} for p in p_values],
        "scores": [scores(rng, "eight classes", 300, 8), scores(rng, "two classes", 200, 2),
                   scores(rng, "ties", 200, 3, levels=1)],
    }
    path = pathlib.Path(__file__).with_name("comparison_expectations.json")
    path.write_text(json.dumps(expectations, separators=(",", ":")) + "\n")
    print(path, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
