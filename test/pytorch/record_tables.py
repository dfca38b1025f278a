"""Records what PyTorch computes for the networks for tables, signals, sequences and texts: tables.json.

    /usr/bin/python3 test/pytorch/record_tables.py      # a second

Weights and data are functions of position, which tables.test.ts computes, too. Element i of parameter t is
sin(0.7 i + t) / sqrt(product of its extents after the first). Every third batch has 5 of its 8 places filled.
`gradients` are those of the first step and `state` is that after ten, each tensor as two numbers: the sum of its
elements times cos(3 i + 1), and its norm.
"""

import json
import math
import sys
from pathlib import Path

sys.dont_write_bytecode = True

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from record import to_json

EXAMPLES, BATCH, CLASSES, STEPS = 21, 8, 3, 10
FEATURES, CHANNELS, LENGTH = 5, 2, 13
VALUES = [4, 3]
VOCABULARY, WORDS, WIDTH, HEADS, FEED_FORWARD = 11, 6, 8, 2, 12
RATE, MOMENTUM = 0.05, 0.9
CONSTANTS = {
    "impute": [0.25, -0.5],
    "low": [-1.5, -1.0],
    "high": [1.5, 1.25],
    "mean": [0.1, 0.2],
    "deviation": [0.8, 1.5],
}


class Mlp(nn.Module):
    def __init__(self, norm, inputs=FEATURES):
        super().__init__()
        self.fc1 = nn.Linear(inputs, 6)
        self.norm1 = norm(6)
        self.fc2 = nn.Linear(6, 4)
        self.norm2 = norm(4)
        self.fc3 = nn.Linear(4, CLASSES)

    def forward(self, x):
        x = F.relu(self.norm1(self.fc1(x)))
        return self.fc3(F.relu(self.norm2(self.fc2(x))))


class Block(nn.Module):
    def __init__(self, norm):
        super().__init__()
        self.norm = norm(6)
        self.fc1 = nn.Linear(6, 8)
        self.fc2 = nn.Linear(8, 6)

    def forward(self, x):
        return x + self.fc2(F.relu(self.fc1(self.norm(x))))


class TabularResnet(nn.Module):
    """Gorishniy et al. 2021, https://arxiv.org/abs/2106.11959, section 3.2."""

    def __init__(self, norm):
        super().__init__()
        self.input = nn.Linear(FEATURES, 6)
        self.blocks = nn.ModuleList([Block(norm), Block(norm)])
        self.norm = norm(6)
        self.fc = nn.Linear(6, CLASSES)

    def forward(self, x):
        x = self.input(x)
        for block in self.blocks:
            x = block(x)
        return self.fc(F.relu(self.norm(x)))


class Cnn1d(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv1d(CHANNELS, 32, 7, padding=3)
        self.conv2 = nn.Conv1d(32, 64, 5, padding=2)
        self.conv3 = nn.Conv1d(64, 64, 3, padding=1)
        self.fc = nn.Linear(64, CLASSES)

    def forward(self, x):
        x = F.max_pool1d(F.relu(self.conv1(x)), 2)
        x = F.max_pool1d(F.relu(self.conv2(x)), 2)
        return self.fc(F.relu(self.conv3(x)).mean(2))


class SignalNorm(nn.Module):
    """Batch norm of signals, which counts every place of an example."""

    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(CHANNELS)
        self.fc = nn.Linear(CHANNELS * LENGTH, CLASSES)

    def forward(self, x):
        return self.fc(self.norm(x).flatten(1))


class Preprocess(nn.Module):
    """Numbers, NaN for a missing one, and embedded categories."""

    def __init__(self):
        super().__init__()
        self.embeddings = nn.ModuleList([nn.Embedding(count, 2) for count in VALUES])

    def forward(self, numbers, categories):
        constant = {name: torch.tensor(values) for name, values in CONSTANTS.items()}
        missing = torch.isnan(numbers)
        known = torch.where(missing, constant["impute"], numbers)
        known = torch.minimum(torch.maximum(known, constant["low"]), constant["high"])
        embedded = [layer(categories[:, i]) for i, layer in enumerate(self.embeddings)]
        return torch.cat([(known - constant["mean"]) / constant["deviation"], missing.float(), *embedded], 1)


class Rows(nn.Module):
    def __init__(self):
        super().__init__()
        self.preprocess = Preprocess()
        self.fc = nn.Linear(2 + 2 + 2 * 2, CLASSES)

    def forward(self, numbers, categories):
        return self.fc(self.preprocess(numbers, categories))


class Recurrent(nn.Module):
    """Its sequence, averaged, beside its last hidden states."""

    def __init__(self, kind):
        super().__init__()
        self.rnn = kind(CHANNELS, 5, num_layers=2, bidirectional=True, batch_first=True)
        self.fc = nn.Linear(20, CLASSES)

    def forward(self, x):
        sequence, state = self.rnn(x)
        hidden = state[0] if isinstance(state, tuple) else state
        return self.fc(torch.cat([sequence.mean(1), hidden[-2], hidden[-1]], 1))


class Operations(nn.Module):
    """Dilated and transposed convolutions, resizing, and activations with kinks."""

    def __init__(self):
        super().__init__()
        self.dilated = nn.Conv1d(CHANNELS, 6, 3, padding=2, dilation=2)
        self.grouped = nn.Conv1d(6, 6, 3, padding=3, dilation=3, groups=2)
        self.up = nn.ConvTranspose1d(6, 4, 3, stride=2, padding=1, output_padding=1)
        self.prelu = nn.PReLU(4)
        self.fc = nn.Linear(4 * 9, CLASSES)

    def forward(self, x):
        x = F.hardswish(4 * self.dilated(x))
        x = F.softplus(F.elu(self.grouped(x), 0.7))
        x = F.interpolate(self.prelu(self.up(x) - 1), 17, mode="linear", align_corners=True)
        x = F.interpolate(x.clamp(-0.5, 1.5), 9, mode="linear")
        return self.fc(F.hardsigmoid(x.abs() ** 1.5).flatten(1))


class BagOfEmbeddings(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, WIDTH, padding_idx=0)
        self.fc = nn.Linear(WIDTH, CLASSES)

    def forward(self, tokens):
        return self.fc(masked_mean(self.embedding(tokens), tokens))


class EncoderLayer(nn.TransformerEncoderLayer):
    """With its parameters in the order in which they are used."""

    def __init__(self, norm_first):
        super().__init__(WIDTH, HEADS, FEED_FORWARD, dropout=0, batch_first=True, norm_first=norm_first)
        order = ["norm1", "self_attn", "norm2"] if norm_first else ["self_attn", "norm1"]
        for name in [*order, "linear1", "linear2", *([] if norm_first else ["norm2"])]:
            module = getattr(self, name)
            delattr(self, name)
            self.add_module(name, module)


class Transformer(nn.Module):
    def __init__(self, norm_first):
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, WIDTH, padding_idx=0)
        self.positions = nn.Embedding(WORDS, WIDTH)
        self.layers = nn.ModuleList([EncoderLayer(norm_first), EncoderLayer(norm_first)])
        self.norm = nn.LayerNorm(WIDTH)
        self.fc = nn.Linear(WIDTH, CLASSES)

    def forward(self, tokens):
        x = self.embedding(tokens) + self.positions.weight
        for layer in self.layers:
            x = layer(x, src_key_padding_mask=tokens == 0)
        return self.fc(masked_mean(self.norm(x), tokens))


def masked_mean(x, tokens):
    mask = (tokens != 0).float()
    return (x * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True)


class Linear(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(FEATURES, CLASSES)

    def forward(self, x):
        return self.fc(x)


def waves(*shape):
    """Numbers between -2 and 2, a function of position."""
    return torch.from_numpy((2 * np.sin(1.7 * np.arange(math.prod(shape)) + 0.3)).astype(np.float32)).reshape(shape)


def rows_of_table():
    numbers = waves(EXAMPLES, 2)
    numbers[torch.arange(EXAMPLES) % 4 == 1, 0] = math.nan
    numbers[torch.arange(EXAMPLES) % 5 == 2, 1] = math.nan
    index = torch.arange(EXAMPLES)
    return numbers, torch.stack([index % VALUES[0], (index * 5 // 3) % VALUES[1]], 1)


def texts():
    """Between one token and as many as there is place for, then padding: 0."""
    example, place = torch.arange(EXAMPLES)[:, None], torch.arange(WORDS)[None]
    tokens = 1 + (3 * example + 5 * place * place + place) % (VOCABULARY - 1)
    return (torch.where(place <= example % WORDS, tokens, 0),)


NETWORKS = {
    "logistic-regression": (Linear, lambda: (waves(EXAMPLES, FEATURES),)),
    "mlp with batch norm": (lambda: Mlp(nn.BatchNorm1d), lambda: (waves(EXAMPLES, FEATURES),)),
    "mlp with layer norm": (lambda: Mlp(nn.LayerNorm), lambda: (waves(EXAMPLES, FEATURES),)),
    "tabular-resnet with batch norm": (lambda: TabularResnet(nn.BatchNorm1d), lambda: (waves(EXAMPLES, FEATURES),)),
    "tabular-resnet with layer norm": (lambda: TabularResnet(nn.LayerNorm), lambda: (waves(EXAMPLES, FEATURES),)),
    "cnn1d": (Cnn1d, lambda: (waves(EXAMPLES, CHANNELS, LENGTH),)),
    "batch norm of signals": (SignalNorm, lambda: (waves(EXAMPLES, CHANNELS, LENGTH),)),
    "lstm": (lambda: Recurrent(nn.LSTM), lambda: (waves(EXAMPLES, LENGTH, CHANNELS),)),
    "gru": (lambda: Recurrent(nn.GRU), lambda: (waves(EXAMPLES, LENGTH, CHANNELS),)),
    "dilated, transposed, resized": (Operations, lambda: (waves(EXAMPLES, CHANNELS, LENGTH),)),
    "rows with embeddings": (Rows, rows_of_table),
    "bag-of-embeddings": (BagOfEmbeddings, texts),
    "transformer with the norm after": (lambda: Transformer(False), texts),
    "transformer": (lambda: Transformer(True), texts),
}


def set_weights(module):
    for number, parameter in enumerate(module.parameters()):
        values = np.sin(0.7 * np.arange(parameter.numel()) + number) / math.sqrt(math.prod(parameter.shape[1:]))
        parameter.data = torch.from_numpy(values.astype(np.float32)).reshape(parameter.shape)


def summary(tensor):
    values = tensor.detach().numpy().astype(np.float64).ravel()
    return [float((values * np.cos(3 * np.arange(values.size) + 1)).sum()), float(np.sqrt((values**2).sum()))]


def record(build, data):
    inputs, targets = data(), torch.arange(EXAMPLES) * 7 % CLASSES
    module = build()
    set_weights(module)
    optimizer = torch.optim.SGD(module.parameters(), RATE, momentum=MOMENTUM)
    losses, gradients = [], None
    for step in range(STEPS):
        begin = step % 3 * BATCH
        batch = slice(begin, min(begin + BATCH, EXAMPLES))
        loss = F.cross_entropy(module(*(column[batch] for column in inputs)), targets[batch])
        optimizer.zero_grad()
        loss.backward()
        gradients = gradients or {name: summary(p.grad) for name, p in module.named_parameters()}
        optimizer.step()
        losses.append(loss.item())
    module.eval()
    return {
        "losses": losses,
        "gradients": gradients,
        "state": {name: summary(tensor) for name, tensor in module.state_dict().items()},
        "logits": module(*inputs).detach().flatten().tolist(),
    }


def main():
    torch.set_num_threads(1)
    recordings = {name: record(*of) for name, of in NETWORKS.items()}
    document = {"torch": torch.__version__, "recordings": recordings}
    (Path(__file__).resolve().parent / "tables.json").write_text(to_json(document) + "\n")


if __name__ == "__main__":
    main()
