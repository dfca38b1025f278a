"""Initial weights that are a function of position alone, so that TypeScript (weights.ts) makes the same bits.

Element i of tensor t (counted in state-dict order, from 0) of a convolution or dense layer is

    u = lowbias32(i + t * 0x9e3779b9 mod 2^32) / 2^32,    value = float32((2u - 1) * gain / sqrt(fan_in)),

with the fan-in of the layer's weight for its bias too; the gain is 1, or the convolutions' own where one is given.
Norm weights are 1 and norm biases 0.
lowbias32: Wellons 2018, https://nullprogram.com/blog/2018/07/31/
"""

import hashlib
import math
import re
from collections import OrderedDict

import numpy as np
import torch

NORM = re.compile(r"(^|\.)norm\d*\.(weight|bias)$")


def lowbias32(x):
    """Hashes an array of uint32, whose arithmetic is modulo 2^32."""
    x = x ^ (x >> np.uint32(16))
    x = x * np.uint32(0x7FEB352D)
    x = x ^ (x >> np.uint32(15))
    x = x * np.uint32(0x846CA68B)
    return x ^ (x >> np.uint32(16))


def oracle_weights(module, convolution_gain=1):
    """A state dict for `module`, float32."""
    shapes = {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}
    state = OrderedDict()
    for number, (name, shape) in enumerate(shapes.items()):
        layer, kind = name.rsplit(".", 1)
        if NORM.search(name):
            values = np.full(shape, 1 if kind == "weight" else 0, np.float32)
        else:
            weight_shape = shapes[f"{layer}.weight"]
            gain = convolution_gain if len(weight_shape) == 4 else 1
            bound = gain / math.sqrt(math.prod(weight_shape[1:]))
            start = np.uint32(number * 0x9E3779B9 % 2**32)
            hashes = lowbias32(np.arange(math.prod(shape), dtype=np.uint32) + start)
            uniform = hashes.astype(np.float64) / 2**32
            values = ((2 * uniform - 1) * bound).astype(np.float32).reshape(shape)
        state[name] = torch.from_numpy(values)
    return state


def describe(state):
    """What a twin must agree with: of every tensor its shape, SHA-256 (float32, little-endian), sum and beginning."""
    tensors = []
    for name, tensor in state.items():
        values = tensor.numpy().astype("<f4").ravel()
        tensors.append(
            {
                "name": name,
                "shape": list(tensor.shape),
                "sha256": hashlib.sha256(values.tobytes()).hexdigest(),
                "sum": math.fsum(values.tolist()),
                "first": values[:3].tolist(),
            }
        )
    return tensors
