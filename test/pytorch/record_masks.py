"""Records what PyTorch computes for the network that predicts masks: masks.json.

    /usr/bin/python3 test/pytorch/record_masks.py      # a second

Weights and data are functions of position, as in record_tables.py. The class of pixel i of the whole set is
i // 5 % 3, and every seventh pixel does not count. The sides of the pictures are odd, so enlarging repeats a row and
a column. Every third batch has 2 of its 4 places filled.
"""

import json
import sys
from pathlib import Path

sys.dont_write_bytecode = True

import torch
from torch.nn import functional as F

from models import UNet
from record import to_json
from record_tables import set_weights, summary, waves

EXAMPLES, BATCH, CLASSES, STEPS = 10, 4, 3, 10
CHANNELS, HEIGHT, WIDTH = 2, 7, 10
RATE, MOMENTUM, IGNORED = 0.05, 0.9, 255


def main():
    torch.set_num_threads(1)
    pictures = waves(EXAMPLES, CHANNELS, HEIGHT, WIDTH)
    pixel = torch.arange(EXAMPLES * HEIGHT * WIDTH)
    masks = torch.where(pixel % 7 == 6, IGNORED, pixel // 5 % CLASSES).reshape(EXAMPLES, HEIGHT, WIDTH)
    module = UNet(CHANNELS, CLASSES)
    set_weights(module)
    optimizer = torch.optim.SGD(module.parameters(), RATE, momentum=MOMENTUM)
    losses, gradients = [], None
    for step in range(STEPS):
        begin = step % 3 * BATCH
        batch = slice(begin, min(begin + BATCH, EXAMPLES))
        loss = F.cross_entropy(module(pictures[batch]), masks[batch], ignore_index=IGNORED)
        optimizer.zero_grad()
        loss.backward()
        gradients = gradients or {name: summary(p.grad) for name, p in module.named_parameters()}
        optimizer.step()
        losses.append(loss.item())
    logits = module(pictures)
    document = {
        "torch": torch.__version__,
        "losses": losses,
        "gradients": gradients,
        "state": {name: summary(tensor) for name, tensor in module.state_dict().items()},
        "logits": summary(logits),
        "first": logits[0, :, 6, 9].tolist(),
    }
    (Path(__file__).resolve().parent / "masks.json").write_text(to_json(document) + "\n")


if __name__ == "__main__":
    main()
