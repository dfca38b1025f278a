"""Exports networks of torchvision in their full size, and records what other programs compute with them.

    python test/onnx/record_full.py FOLDER NAME      # as import.full.test.ts calls it

Writes FOLDER/NAME.onnx (PyTorch's exporter, in evaluation, not optimized) and FOLDER/NAME.json, a recording as in
record.py: the scores of ONNX Runtime, and ten losses of PyTorch with dropout off and batch norm frozen. By a batch of six, rounding decides the losses of
resnet18: PyTorch's own in float32 and float64 lie 0.05 apart after six steps.
"""

import json
import sys
from pathlib import Path

sys.dont_write_bytecode = True

import torch
import torchvision

from record import export, forward_of, input_of, losses_of

SIDE = 64
NETWORKS = {
    "resnet18": lambda: torchvision.models.resnet18(num_classes=10),
    "mobilenet_v3_small": lambda: torchvision.models.mobilenet_v3_small(num_classes=10),
    "efficientnet_b0": lambda: torchvision.models.efficientnet_b0(num_classes=10),
    "squeezenet1_1": lambda: torchvision.models.squeezenet1_1(num_classes=10),
    "convnext_small": lambda: torchvision.models.convnext_small(num_classes=10),
    "vit": lambda: torchvision.models.VisionTransformer(SIDE, 8, 6, 6, 192, 768, num_classes=10),
}


def record(folder, name):
    torch.manual_seed(1)
    module = NETWORKS[name]()
    if name == "vit":
        # Zeros at the beginning would hide the layers before.
        torch.nn.init.normal_(module.heads.head.weight, std=0.1)
    inputs = (input_of("x", (3, SIDE, SIDE)),)
    path = folder / f"{name}.onnx"
    export(module, (inputs[0][:2],), ["x"], "dynamo-eval", path)
    outputs = forward_of(path, inputs, ["x"], module)[0]
    recording = {
        "inputs": {"x": [3, SIDE, SIDE]},
        "outputs": [float(value) for value in outputs.ravel()],
        "losses": {"frozen": losses_of(module, inputs, "frozen", 0.001)},
    }
    (folder / f"{name}.json").write_text(json.dumps(recording))


if __name__ == "__main__":
    record(Path(sys.argv[1]), sys.argv[2])
