"""Training steps of one of the networks in PyTorch, the same work as `contender-process.ts training`.

    pytorch.py NETWORK BATCH THREADS nchw|channels-last eager|compiled IMAGES.idx3.gz LABELS.idx1.gz

The modules are those that the tests compare ours with (test/pytorch/models.py), and torchvision's own. For each line on standard input, the
seconds of a slice, it prints a line of JSON; it begins with "ready". What ours does within a step, bytes to floats, is
done beforehand here.
"""

import json
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
# In place of this folder: torchvision tries to import a module called "pytorch".
sys.path[0] = str(Path(__file__).resolve().parent.parent / "test" / "pytorch")

import numpy as np
import torch
from torch.nn import functional as F

from idx import read_idx
from models import build

EXAMPLES = 1280
WARM_UP_RUNS = 3


SEQUENCE, PICTURE = (1, 128, 64), (3, 64, 64)
SHAPES = {"resnet8": (3, 32, 32), "lstm": SEQUENCE, "gru": SEQUENCE, "transformer": (1, 64, 64)}
SHAPES |= {name: PICTURE for name in ("resnet18", "mobilenet", "efficientnet")}


def framed(grey, channels, height, width):
    """[N,H,W] bytes in the middle of every channel of [N,channels,height,width]."""
    rows, columns = ((size - own) // 2 for size, own in zip((height, width), grey.shape[1:]))
    padded = np.pad(grey, ((0, 0), (rows, rows), (columns, columns)))
    return np.repeat(padded[:, None], channels, axis=1)


def network(name, shape):
    if SHAPES.get(name) != PICTURE:
        return build(name, channels=shape[0], side=shape[2])
    from torch.nn import BatchNorm2d
    from torchvision import models

    if name == "resnet18":
        return models.resnet18(num_classes=10)
    if name == "mobilenet":
        return models.mobilenet_v3_small(num_classes=10, dropout=0.0, norm_layer=BatchNorm2d)
    return models.efficientnet_b0(num_classes=10, dropout=0.0, stochastic_depth_prob=0.0)


def main():
    name, batch, threads, layout, mode, image_file, label_file = sys.argv[1:]
    batch = int(batch)
    torch.set_num_threads(int(threads))
    torch.set_flush_denormal(True)
    torch.manual_seed(1)
    shape = SHAPES.get(name, (1, 28, 28))
    images = torch.from_numpy(framed(read_idx(image_file, EXAMPLES), *shape).astype(np.float32) / 255)
    labels = torch.from_numpy(read_idx(label_file, EXAMPLES).astype(np.int64))
    model = network(name, shape)
    if layout == "channels-last":
        images = images.to(memory_format=torch.channels_last)
        model = model.to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.005, momentum=0.9)
    forward = torch.compile(model) if mode == "compiled" else model
    steps = 0

    def step():
        nonlocal steps
        begin = steps * batch % (EXAMPLES - batch + 1) // batch * batch
        loss = F.cross_entropy(forward(images[begin : begin + batch]), labels[begin : begin + batch])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        steps += 1
        return loss.item()

    for _ in range(WARM_UP_RUNS):
        step()
    print("ready", flush=True)
    for line in sys.stdin:
        seconds = float(line)
        began = time.perf_counter()
        runs = 0
        while runs == 0 or time.perf_counter() - began < seconds:
            loss = step()
            runs += 1
        print(json.dumps({"rate": runs * batch / (time.perf_counter() - began), "loss": loss}), flush=True)


main()
