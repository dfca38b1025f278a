"""Reads gzipped IDX files of unsigned bytes, the format of MNIST and its successors."""

import gzip
import math

import numpy as np


def read_idx(path, count):
    """The first `count` items, uint8, [count, ...]; reads no further than it must."""
    with gzip.open(path, "rb") as file:
        magic = file.read(4)
        if len(magic) != 4 or magic[:3] != b"\x00\x00\x08":
            raise ValueError(f"{path}: expected an IDX file of unsigned bytes, got magic {magic.hex()}")
        shape = np.frombuffer(file.read(4 * magic[3]), ">u4").tolist()
        if shape[0] < count:
            raise ValueError(f"{path}: expected at least {count} items, got {shape[0]}")
        shape[0] = count
        data = file.read(math.prod(shape))
    return np.frombuffer(data, np.uint8).reshape(shape)
