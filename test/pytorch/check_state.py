"""Loads safetensors files into the PyTorch modules of the same names and predicts the first images of an IDX file.

    /usr/bin/python3 check_state.py IMAGES.idx3.gz N FILE.safetensors=MODEL [FILE.safetensors=paper-cnn,5 ...]

The number is the kernel of paper-cnn. Prints one line of JSON for each file,
{"predictions": [class, ...], "logits": [[number, ...], ...]}. Names and shapes must be those
of the module, none missing and none extra. Pixels enter as (grey / 255 - mean) / std, by default grey / 255.
The file is read by hand (https://huggingface.co/docs/safetensors), so that nothing but PyTorch and numpy is needed.
"""

import argparse
import json
import sys
from pathlib import Path

sys.dont_write_bytecode = True

import numpy as np
import torch

from idx import read_idx
from models import NAMES, build


def read_safetensors(path):
    """Every tensor of the file: float32, and int64 where it counts."""
    content = Path(path).read_bytes()
    header_bytes = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + header_bytes])
    header.pop("__metadata__", None)
    data = content[8 + header_bytes :]
    state = {}
    end = 0
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        if entry["dtype"] not in ("F32", "I64"):
            raise ValueError(f'{path}: "{name}" is {entry["dtype"]}, expected F32 or I64')
        if entry["data_offsets"][0] != end:
            raise ValueError(f'{path}: "{name}" begins at byte {entry["data_offsets"][0]}, expected {end}')
        begin, end = entry["data_offsets"]
        kind = "<f4" if entry["dtype"] == "F32" else "<i8"
        values = np.frombuffer(data[begin:end], kind).reshape(entry["shape"])
        state[name] = torch.from_numpy(values.copy())
    if end != len(data):
        raise ValueError(f"{path}: has {len(data)} bytes of tensors, expected {end}")
    return state


def main():
    parser = argparse.ArgumentParser(description="Predict with safetensors files in PyTorch.")
    parser.add_argument("images")
    parser.add_argument("count", type=int)
    parser.add_argument("models", nargs="+", metavar="FILE=MODEL", help=f"MODEL is one of {', '.join(NAMES)}")
    parser.add_argument("--classes", type=int, default=10)
    parser.add_argument("--mean", type=float, default=0.0)
    parser.add_argument("--std", type=float, default=1.0)
    options = parser.parse_args()

    torch.set_num_threads(1)
    images = read_idx(options.images, options.count)
    inputs = torch.from_numpy(images.astype(np.float32) / np.float32(255)).unsqueeze(1)
    inputs = (inputs - options.mean) / options.std
    for given in options.models:
        file, _, model = given.partition("=")
        name, _, kernel = model.partition(",")
        module = build(name, classes=options.classes, side=images.shape[-1], kernel=int(kernel or 3))
        module.load_state_dict(read_safetensors(file), strict=True)
        module.eval()
        with torch.no_grad():
            logits = module(inputs)
        print(json.dumps({"predictions": logits.argmax(1).tolist(), "logits": logits.tolist()}))


if __name__ == "__main__":
    main()
