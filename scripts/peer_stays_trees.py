#!/usr/bin/env python3
"""Gradient boosting on death in hospital, trained on the training stays, and again on the validation stays too.

    python scripts/peer_stays_trees.py DIR

DIR holds physionet2012.zip; lightgbm and numpy are needed. Parts, hours and scaling of variables are those of task physionet, columns
and settings those of the figure of lightgbm beside it: per variable the last, mean, least and greatest value of 48 hours and the number
of hours in which it was measured, and age, gender, height, first weight and type of the unit. Validation chooses the number of
rounds; the second training has as many, on both parts. Mean and sample sd of the AUROC of the test part over 3 seeds.
"""
import sys
import zipfile

import lightgbm
import numpy as np

STATIC = ("Age", "Gender", "Height", "Weight", "ICUType")


def read(folder):
    deaths, stays = {}, {}
    with zipfile.ZipFile(folder + "/physionet2012.zip") as files:
        for name in (n for n in files.namelist() if n.endswith(".txt")):
            lines = [line.split(",") for line in files.read(name).decode().splitlines()[1:]]
            if name.endswith(("Outcomes-a.txt", "Outcomes-b.txt")):
                deaths.update((int(cells[0]), int(cells[5])) for cells in lines)
            elif "set-a/" in name or "set-b/" in name:
                stays[int(name[-10:-4])] = [(min(47, int(time[:2])), what, float(value)) for time, what, value in lines if what and float(value) != -1]
    return stays, deaths


def table(stays):
    names = sorted({what for stay in stays.values() for _, what, _ in stay} - {"RecordID", *STATIC} | {"Weight"})
    hours = np.full((len(stays), 48, len(names)), np.nan)
    static = np.full((len(stays), len(STATIC)), np.nan)
    for i, stay in enumerate(stays.values()):
        for hour, what, value in stay:
            if what in STATIC and np.isnan(static[i, STATIC.index(what)]):
                static[i, STATIC.index(what)] = value
            if what in names:
                hours[i, hour, names.index(what)] = value
    return hours, np.hstack([static[:, :4], static[:, 4:] == np.arange(1, 5)])


def columns(hours, static, training):
    flat = hours[training].reshape(-1, hours.shape[2])
    hours = np.clip(hours, np.nanpercentile(flat, .1, axis=0), np.nanpercentile(flat, 99.9, axis=0))
    seen = ~np.isnan(hours)
    last = np.take_along_axis(hours, 47 - seen[:, ::-1].argmax(1)[:, None], 1)[:, 0]
    whole = [np.where(seen.any(1), f(np.where(seen, hours, fill), 1), np.nan) for f, fill in ((np.min, np.inf), (np.max, -np.inf))]
    mean = np.where(seen, hours, 0).sum(1) / np.maximum(1, seen.sum(1))
    return np.hstack([last, np.where(seen.any(1), mean, np.nan), *whole, seen.sum(1), static])


def auroc(truth, score):
    order = np.argsort(score)
    rank = np.empty(len(score))
    rank[order] = np.arange(1, len(score) + 1)
    n = truth.sum()
    return (rank[truth == 1].sum() - n * (n + 1) / 2) / n / (len(truth) - n)


def main(folder):
    stays, deaths = read(folder)
    stays = dict(sorted(stays.items()))
    ids = np.array(list(stays))
    y, part = np.array([deaths[i] for i in ids]), ids % 5
    x = columns(*table(stays), part > 1)
    data = lambda chosen, **more: lightgbm.Dataset(x[chosen], y[chosen], **more)
    scores = []
    for seed in range(3):
        settings = dict(objective="binary", metric="binary_logloss", learning_rate=.03, num_leaves=12, feature_fraction=.25, bagging_fraction=.8,
                        bagging_freq=1, min_data_in_leaf=30, lambda_l2=5., num_threads=1, verbosity=-1, seed=seed)
        first = lightgbm.train(settings, data(part > 1), 600, valid_sets=[data(part == 1)], callbacks=[lightgbm.early_stopping(40, verbose=False)])
        second = lightgbm.train(settings, data(part > 0), first.best_iteration)
        scores.append([auroc(y[part == 0], m.predict(x[part == 0])) for m in (first, second)])
    for name, k in (("training part", 0), ("both parts", 1)):
        print(f"{name}: %.4f ± %.4f" % (np.mean(scores, 0)[k], np.std(scores, 0, ddof=1)[k]))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
