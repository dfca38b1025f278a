"""Writes resnet18.onnx: torchvision's ResNet-18 with ImageNet's weights, for examples/fine-tuning.yaml.

Needs torch, torchvision, onnx and onnxscript. Say "random" to begin with random weights.
"""

import sys

import torch
from torchvision.models import resnet18

SIDE = 64

model = resnet18(weights=None if "random" in sys.argv[1:] else "DEFAULT").train()
torch.onnx.export(
    model,
    (torch.zeros(2, 3, SIDE, SIDE),),
    "resnet18.onnx",
    input_names=["image"],
    output_names=["logits"],
    dynamo=True,
    optimize=False,
    external_data=False,
    dynamic_shapes=({0: torch.export.Dim("batch")},),
)
