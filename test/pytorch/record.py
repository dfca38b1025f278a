"""Records what PyTorch's training losses are, for the engine to follow: losses.json, and weights.json beside it.

    env OMP_NUM_THREADS=2 /usr/bin/python3 test/pytorch/record.py

Needs Debian's python3-torch. Step s trains on the 64 images from number 64 s mod 1280 on, in the order of the file,
grey values / 255 and nothing else; its loss is the mean over the batch before the update.
Every recording is of two threads; threadDifference says how far the same steps on one thread come to lie from it.
"""

import hashlib
import json
import re
import sys
import textwrap
import time
from pathlib import Path

sys.dont_write_bytecode = True

import numpy as np
import torch
from torch.nn import functional as F

from idx import read_idx
from models import NAMES, build
from weights import describe, oracle_weights

HERE = Path(__file__).resolve().parent
SAMPLE = HERE.parent / "fixtures" / "fashion-mnist-sample"
DEBIAN = Path("/usr/share/datasets/fashion-mnist")
IMAGES = 1280
BATCH = 64
LINE_WIDTH = 110

MOMENTUM = ("sgd", {"learningRate": 0.005, "momentum": 0.9})
ADAM = ("adam", {"learningRate": 1e-4, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8})
NESTEROV = ("sgd", {"learningRate": 0.005, "momentum": 0.9, "nesterov": True})
ADAMW = ("adamw", {"learningRate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weightDecay": 0.01})
PLAIN = ("sgd", {"learningRate": 0.05})
CLIPPED = ("sgd", {"learningRate": 0.05, "clipGlobalNorm": 0.5})
SMOOTHED = ("sgd", {"learningRate": 0.05, "labelSmoothing": 0.1})

# Float32 rounding alone drives resnet8 apart within 100 steps. Group norm makes the network blind to the scale of its
# convolutions while their gradients shrink with it, so larger weights walk a steadier path.
STEADY_GAIN = 8

RECORDINGS = [
    *((name, 1, *recipe, 100) for name in NAMES for recipe in (MOMENTUM, ADAM)),
    *(("resnet8", STEADY_GAIN, *recipe, 100) for recipe in (MOMENTUM, ADAM)),
    *(("mlp", 1, *recipe, 20) for recipe in (NESTEROV, ADAMW, PLAIN, CLIPPED, SMOOTHED)),
]


def read_sample():
    """The first 1,280 training images and labels of Fashion-MNIST, uint8."""
    folder = SAMPLE if SAMPLE.is_dir() else DEBIAN
    images = read_idx(folder / "train-images-idx3-ubyte.gz", IMAGES)
    return images, read_idx(folder / "train-labels-idx1-ubyte.gz", IMAGES)


def make_optimizer(name, settings, parameters):
    rate = settings["learningRate"]
    if name == "sgd":
        nesterov = settings.get("nesterov", False)
        return torch.optim.SGD(parameters, rate, momentum=settings.get("momentum", 0), nesterov=nesterov)
    betas = (settings["beta1"], settings["beta2"])
    if name == "adam":
        return torch.optim.Adam(parameters, rate, betas, settings["epsilon"])
    if name == "adamw":
        return torch.optim.AdamW(parameters, rate, betas, settings["epsilon"], settings["weightDecay"])
    raise ValueError(f"optimizer: expected sgd, adam or adamw, got {name}")


def record(model, gain, optimizer_name, settings, steps, images, labels, dtype=torch.float32):
    """The losses of `steps` steps from the oracle's weights."""
    module = build(model)
    module.load_state_dict(oracle_weights(module, gain), strict=True)
    module.to(dtype)
    optimizer = make_optimizer(optimizer_name, settings, module.parameters())
    inputs = torch.from_numpy(images.astype(np.float32) / np.float32(255)).unsqueeze(1).to(dtype)
    targets = torch.from_numpy(labels.astype(np.int64))
    losses = []
    for step in range(steps):
        batch = slice(BATCH * step % IMAGES, BATCH * step % IMAGES + BATCH)
        smoothing = settings.get("labelSmoothing", 0.0)
        loss = F.cross_entropy(module(inputs[batch]), targets[batch], label_smoothing=smoothing)
        optimizer.zero_grad()
        loss.backward()
        if "clipGlobalNorm" in settings:
            torch.nn.utils.clip_grad_norm_(module.parameters(), settings["clipGlobalNorm"])
        optimizer.step()
        losses.append(loss.item())
    return losses


def number(value):
    """As JSON, but 1e-8 rather than 1e-08."""
    return re.sub(r"e-0", "e-", json.dumps(value))


def to_json(value, indent="", prefix=""):
    """JSON as this repository formats it: numbers of an array fill lines, everything else has a line of its own."""
    inner = indent + "  "
    if isinstance(value, dict):
        items = [f"{json.dumps(key)}: {to_json(item, inner, json.dumps(key))}" for key, item in value.items()]
        return "{\n" + ",\n".join(inner + item for item in items) + f"\n{indent}}}"
    if isinstance(value, list):
        if all(isinstance(item, (int, float)) for item in value):
            text = ", ".join(number(item) for item in value)
            if len(indent) + len(prefix) + len(text) + 2 < LINE_WIDTH:
                return f"[{text}]"
            lines = textwrap.fill(text, LINE_WIDTH, initial_indent=inner, subsequent_indent=inner)
            return f"[\n{lines}\n{indent}]"
        return "[\n" + ",\n".join(inner + to_json(item, inner) for item in value) + f"\n{indent}]"
    return number(value) if isinstance(value, float) else json.dumps(value)


def main():
    images, labels = read_sample()
    recordings = []
    for model, gain, optimizer, settings, steps in RECORDINGS:
        started = time.monotonic()
        runs = []
        for threads in (2, 1):
            torch.set_num_threads(threads)
            runs.append(record(model, gain, optimizer, settings, steps, images, labels))
        losses = runs[0]
        difference = max(abs(a - b) for a, b in zip(*runs))
        seconds = time.monotonic() - started
        print(f"{model} gain {gain} {optimizer} {settings}: {losses[0]:.6f} to {losses[-1]:.6f},", end=" ")
        print(f"on one thread {difference:.1e} apart, {seconds:.1f} s", flush=True)
        recordings.append(
            {
                "model": model,
                "convolutionGain": gain,
                "optimizer": optimizer,
                "settings": settings,
                "threadDifference": difference,
                "losses": losses,
            }
        )
    document = {
        "torch": torch.__version__,
        "images": {"count": IMAGES, "sha256": hashlib.sha256(images.tobytes()).hexdigest()},
        "labels": {"count": IMAGES, "sha256": hashlib.sha256(labels.tobytes()).hexdigest()},
        "batch": BATCH,
        "recordings": recordings,
    }
    (HERE / "losses.json").write_text(to_json(document) + "\n")
    models = [
        {"model": name, "convolutionGain": gain, "tensors": describe(oracle_weights(build(name), gain))}
        for name, gain in [*((name, 1) for name in NAMES), ("resnet8", STEADY_GAIN)]
    ]
    (HERE / "weights.json").write_text(to_json({"models": models}) + "\n")


if __name__ == "__main__":
    main()
