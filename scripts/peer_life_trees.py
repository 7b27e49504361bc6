#!/usr/bin/env python3
"""Gradient boosting on the cycles that a turbofan has left, with windows of some lengths.

    python scripts/peer_life_trees.py DIR [CYCLES ...]        # 30 and 60 if none is given

DIR holds cmapss.zip; lightgbm and numpy are needed. Split, scoring and settings are those of task cmapss and of the figure of
lightgbm beside it: units with id % 5 == 0 choose the number of rounds, the last cycles of each of the 100 test units are scored
against min(125, truth), predictions below 0 count as 0; per sensor the last value, the mean of the last 5, and mean, deviation and slope
of the last 30 cycles. A window that reaches back further, as far as a younger unit allows, has mean, deviation and slope of all its cycles
too, and its length. Mean and sample sd over 3 seeds, on validation and on the test part.
"""
import io
import sys
import zipfile

import lightgbm
import numpy as np

SENSORS = [1 + 3 + s for s in (2, 3, 4, 7, 8, 9, 11, 12, 13, 14, 15, 17, 20, 21)]
SHORTEST, CAP = 30, 125


def read(folder):
    files = zipfile.ZipFile(folder + "/cmapss.zip")
    table = lambda name: np.loadtxt(io.BytesIO(files.read(next(n for n in files.namelist() if n.endswith(name)))))
    units = lambda rows: {int(u): rows[rows[:, 0] == u][:, SENSORS] for u in np.unique(rows[:, 0])}
    return units(table("train_FD001.txt")), units(table("test_FD001.txt")), table("RUL_FD001.txt")


def features(unit, end, cycles):
    of = [unit[end - 1], unit[end - 5:end].mean(0)]
    for length in sorted({SHORTEST, cycles}):
        w = unit[max(0, end - length):end]
        t = np.linspace(-1, 1, len(w))
        of += [w.mean(0), w.std(0), t @ w / len(w)]
    return np.concatenate(of + [[len(w)]] * (cycles > SHORTEST))


def windows(units, cycles):
    x = [features(u, end, cycles) for u in units for end in range(SHORTEST, len(u) + 1)]
    y = [min(CAP, len(u) - end) for u in units for end in range(SHORTEST, len(u) + 1)]
    return np.array(x), np.array(y)


def rmse(model, x, y):
    return np.sqrt(np.mean((np.maximum(0, model.predict(x, num_iteration=model.best_iteration)) - y) ** 2))


def trained(fit, choose, seed):
    settings = dict(objective="l2", learning_rate=.04, num_leaves=15, min_data_in_leaf=50, feature_fraction=.5, bagging_fraction=.8, bagging_freq=1,
                    num_threads=1, verbosity=-1, seed=seed)
    data = lightgbm.Dataset(*fit)
    return lightgbm.train(settings, data, 600, valid_sets=[lightgbm.Dataset(*choose, reference=data)],
                          callbacks=[lightgbm.early_stopping(40, verbose=False)])


def main(folder, lengths):
    units, tests, left = read(folder)
    for cycles in lengths:
        fit = windows([u for i, u in units.items() if i % 5], cycles)
        choose = windows([u for i, u in units.items() if i % 5 == 0], cycles)
        test = np.array([features(u, len(u), cycles) for u in tests.values()]), np.minimum(CAP, left)
        scores = np.array([[rmse(m, *choose), rmse(m, *test)] for m in (trained(fit, choose, s) for s in range(3))])
        print(f"{cycles} cycles: validation %.2f ± %.2f, test %.2f ± %.2f" % (scores.mean(0)[0], scores.std(0, ddof=1)[0], scores.mean(0)[1], scores.std(0, ddof=1)[1]))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1], [int(a) for a in sys.argv[2:]] or [30, 60])
