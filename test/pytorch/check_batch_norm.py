"""Loads safetensors files into a PyTorch module with batch norm, strictly, and says whether its outputs are finite.

    /usr/bin/python3 check_batch_norm.py FILE.safetensors ...

Prints one line of JSON, {"finite": [true, ...]}.
"""

import json
import sys

sys.dont_write_bytecode = True

import torch

from check_state import read_safetensors

module = torch.nn.Sequential(
    torch.nn.Conv2d(1, 8, 3), torch.nn.BatchNorm2d(8), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(288, 2)
).eval()
images = torch.randn(16, 1, 8, 8, generator=torch.Generator().manual_seed(1))
finite = []
for path in sys.argv[1:]:
    module.load_state_dict(read_safetensors(path), strict=True)
    with torch.no_grad():
        finite.append(bool(torch.isfinite(module(images)).all()))
print(json.dumps({"finite": finite}))
