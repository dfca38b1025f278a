"""Records what PyTorch computes when a part of a network is trained: fine-tuning.json.

    python3 test/pytorch/record_fine_tuning.py      # a second

It is a perceptron with groups of parameters, with a part that is frozen, and with LoRA, whose layers are written as
in the paper. Weights and data are functions of position, which fine-tuning.test.ts computes, too. Element i of the
tensor "name" is sin(0.7 i + the sum of the name's character codes) / sqrt(its last extent). Each tensor after ten
steps is two numbers: the sum of its elements times cos(3 i + 1), and its norm.
"""

import json
import math
import sys
from fnmatch import fnmatchcase
from pathlib import Path

sys.dont_write_bytecode = True

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from record import to_json

EXAMPLES, BATCH, CLASSES, STEPS, FEATURES = 21, 8, 3, 10, 5
RANK, ALPHA = 2, 6


class Adapted(nn.Linear):
    def __init__(self, inputs, outputs):
        super().__init__(inputs, outputs)
        self.lora_A = nn.Linear(inputs, RANK, bias=False)
        self.lora_B = nn.Linear(RANK, outputs, bias=False)

    def forward(self, x):
        return super().forward(x) + ALPHA / RANK * self.lora_B(self.lora_A(x))


class Mlp(nn.Module):
    def __init__(self, layer=nn.Linear):
        super().__init__()
        self.fc1 = layer(FEATURES, 6)
        self.fc2 = layer(6, 4)
        self.fc3 = nn.Linear(4, CLASSES)

    def forward(self, x):
        return self.fc3(F.relu(self.fc2(F.relu(self.fc1(x)))))


def sgd(groups):
    return torch.optim.SGD(groups, 0.05, momentum=0.9, weight_decay=0.1)


def adamw(groups):
    return torch.optim.AdamW(groups, 0.01, weight_decay=0.1)


def adam(groups):
    return torch.optim.Adam(groups, 0.01, weight_decay=0.1)


GROUPS = [{"weights": ["fc1.*", "fc2.weight"], "factor": 0.1}, {"weights": ["*.bias"], "decay": 0.0}]
CASES = {
    "groups with sgd": (Mlp, sgd, {"groups": GROUPS}),
    "groups with adam": (Mlp, adam, {"groups": GROUPS}),
    "groups with adamw": (Mlp, adamw, {"groups": GROUPS}),
    "a part": (Mlp, adamw, {"train": ["fc2.*", "fc3.*"], "freeze": ["*.bias"]}),
    "lora": (lambda: Mlp(Adapted), adamw, {"train": ["*.lora_*", "fc3.*"]}),
    "lora with a frozen factor": (lambda: Mlp(Adapted), sgd, {"train": ["*.lora_B.*"]}),
}


def waves(*shape):
    """Numbers between -2 and 2, a function of position."""
    return torch.from_numpy((2 * np.sin(1.7 * np.arange(math.prod(shape)) + 0.3)).astype(np.float32)).reshape(shape)


def set_weights(module):
    for name, parameter in module.named_parameters():
        phase = sum(map(ord, name))
        values = np.sin(0.7 * np.arange(parameter.numel()) + phase) / math.sqrt(parameter.shape[-1])
        parameter.data = torch.from_numpy(values.astype(np.float32)).reshape(parameter.shape)


def summary(tensor):
    values = tensor.detach().numpy().astype(np.float64).ravel()
    return [float((values * np.cos(3 * np.arange(values.size) + 1)).sum()), float(np.sqrt((values**2).sum()))]


def matches(name, patterns):
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def record(build, optimize, part):
    inputs, targets = waves(EXAMPLES, FEATURES), torch.arange(EXAMPLES) * 7 % CLASSES
    module = build()
    set_weights(module)
    trained = []
    for name, parameter in module.named_parameters():
        is_trained = matches(name, part.get("train", ["*"])) and not matches(name, part.get("freeze", []))
        parameter.requires_grad_(is_trained)
        if is_trained:
            group = {"params": [parameter]}
            rate, decay = optimize([{"params": [torch.zeros(1)]}]).param_groups[0]["lr"], None
            for one in part.get("groups", []):
                if matches(name, one["weights"]):
                    rate *= one.get("factor", 1)
                    decay = one.get("decay", decay)
            trained.append({**group, "lr": rate, **({} if decay is None else {"weight_decay": decay})})
    optimizer = optimize(trained)
    losses = []
    for step in range(STEPS):
        begin = step % 3 * BATCH
        batch = slice(begin, min(begin + BATCH, EXAMPLES))
        loss = F.cross_entropy(module(inputs[batch]), targets[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return {
        "losses": losses,
        "state": {name: summary(tensor) for name, tensor in module.state_dict().items()},
        "logits": module(inputs).detach().flatten().tolist(),
    }


def main():
    torch.set_num_threads(1)
    recordings = {name: record(*of) for name, of in CASES.items()}
    document = {"torch": torch.__version__, "recordings": recordings}
    (Path(__file__).resolve().parent / "fine-tuning.json").write_text(to_json(document) + "\n")


if __name__ == "__main__":
    main()
