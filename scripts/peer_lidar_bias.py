#!/usr/bin/env python3
"""Why CfC on NCP19 of ncps stays at the mean on lidar scans: its readout has one input, so that torch draws the bias from -1 to 1.

    python scripts/peer_lidar_bias.py DIR

DIR holds lidar.zip; torch and ncps are needed. Parts, windows and convolutions are those of task lidar. Prints, for three seeds, the squared
error on the validation part after 6 epochs and how far the output varies, with torch's bias and with a bias of 0.
"""
import io
import sys
import zipfile

import numpy as np
import torch
from ncps.torch import CfC
from ncps.wirings import AutoNCP

TEST, ROWS, EPOCHS, BATCH, RATE = (6, 18, 9, 26, 7, 24, 22), 32, 6, 16, 0.003


def read(folder):
    """Windows of 32 rows, each mirrored too: scans, steering and whether they are validation."""
    files = zipfile.ZipFile(folder + "/lidar.zip")
    names = sorted(n for n in files.namelist() if n.endswith(".csv"))
    rest = [i for i in range(len(names)) if i not in TEST]
    parts = {False: ([], []), True: ([], [])}
    for place, i in enumerate(rest):
        rows = np.loadtxt(io.BytesIO(files.read(names[i])), delimiter=",", dtype="f4")
        scan, steering = rows[:, 3:544], rows[:, 544:545]
        scan = np.where(scan == 0, 1, np.minimum(scan, 10) / 10).astype("f4")
        x, y = parts[place in (4, 9, 14, 19)]
        for s in range(0, len(rows) - ROWS, ROWS // 2):
            x += [scan[s:s + ROWS], scan[s:s + ROWS, ::-1]]
            y += [steering[s:s + ROWS], -steering[s:s + ROWS]]
    return [(torch.tensor(np.array(x)), torch.tensor(np.array(y))) for x, y in parts.values()]


class Net(torch.nn.Module):
    def __init__(self, zero):
        super().__init__()
        conv, relu = torch.nn.Conv1d, torch.nn.ReLU
        self.front = torch.nn.Sequential(conv(1, 8, 7, 4), relu(), conv(8, 16, 5, 3), relu(), conv(16, 16, 5, 2), relu(), torch.nn.Flatten(),
                                         torch.nn.LazyLinear(32), relu())
        self.cell, self.readout = CfC(32, AutoNCP(19, 1)), torch.nn.Linear(1, 1)
        if zero:
            torch.nn.init.zeros_(self.readout.bias)

    def forward(self, x):
        n, rows, beams = x.shape
        return self.readout(self.cell(self.front(x.reshape(n * rows, 1, beams)).reshape(n, rows, 32))[0])


def trained(seed, zero, train, valid):
    torch.manual_seed(seed)
    net = Net(zero)
    net(train[0][:1])
    bias = net.readout.bias.item()
    adam = torch.optim.Adam(net.parameters(), RATE)
    for _ in range(EPOCHS):
        for at in torch.randperm(len(train[0])).split(BATCH):
            loss = ((net(train[0][at]) - train[1][at]) ** 2).mean()
            adam.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1)
            adam.step()
    with torch.no_grad():
        y = net(valid[0])
    return bias, ((y - valid[1]) ** 2).mean().item(), y.std().item()


def main():
    torch.set_num_threads(1)
    train, valid = read(sys.argv[1])
    print("mean alone: %.4f" % ((valid[1] - train[1].mean()) ** 2).mean())
    for zero in (False, True):
        for seed in range(3):
            print("bias %5.2f at first: validation %.4f, output varies by %.4f" % trained(seed, zero, train, valid), flush=True)


if __name__ == "__main__":
    main()
