"""The networks of Commonweight as plain PyTorch modules, whose state dicts have the names and layouts of ours.

LeNet-5: LeCun et al. 1998, "Gradient-based learning applied to document recognition", for 28x28 images.
ResNet-8: the widths and depth of MLPerf Tiny (Banbury et al. 2021), with group norm (Wu and He 2018) for batch norm.
"""

from collections import OrderedDict

import torch
from torch import nn
from torch.nn import functional as F


class PaperCnn(nn.Module):
    """Two convolutions, each max-pooled, and a dense layer; same padding, so pooling alone halves the image."""

    def __init__(self, channels=1, classes=10, side=28, kernel=3):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 128, kernel, padding=kernel // 2)
        self.conv2 = nn.Conv2d(128, 64, kernel, padding=kernel // 2)
        self.fc = nn.Linear(64 * (side // 4) ** 2, classes)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.fc(x.flatten(1))


class LeNet5(nn.Module):
    def __init__(self, channels=1, classes=10, side=28):
        super().__init__()
        pooled = (side // 2 - 4) // 2
        self.conv1 = nn.Conv2d(channels, 6, 5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * pooled**2, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, classes)

    def forward(self, x):
        x = F.avg_pool2d(self.conv1(x).tanh(), 2)
        x = F.avg_pool2d(self.conv2(x).tanh(), 2)
        x = self.fc1(x.flatten(1)).tanh()
        return self.fc3(self.fc2(x).tanh())


class Mlp(nn.Module):
    def __init__(self, channels=1, classes=10, side=28):
        super().__init__()
        self.fc1 = nn.Linear(channels * side**2, 256)
        self.fc2 = nn.Linear(256, 128)
        self.fc3 = nn.Linear(128, classes)

    def forward(self, x):
        x = F.relu(self.fc1(x.flatten(1)))
        return self.fc3(F.relu(self.fc2(x)))


class Block(nn.Module):
    """A basic residual block; the shortcut is projected where the stride changes the shape."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.norm1 = nn.GroupNorm(8, outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.norm2 = nn.GroupNorm(8, outputs)
        self.downsample = nn.Identity()
        if stride != 1:
            projection = nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False)
            self.downsample = nn.Sequential(OrderedDict(conv=projection, norm=nn.GroupNorm(8, outputs)))

    def forward(self, x):
        y = F.relu(self.norm1(self.conv1(x)))
        return F.relu(self.norm2(self.conv2(y)) + self.downsample(x))


class ResNet8(nn.Module):
    def __init__(self, channels=1, classes=10):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 16, 3, padding=1, bias=False)
        self.norm1 = nn.GroupNorm(8, 16)
        self.layer1 = Block(16, 16, 1)
        self.layer2 = Block(16, 32, 2)
        self.layer3 = Block(32, 64, 2)
        self.fc = nn.Linear(64, classes)

    def forward(self, x):
        x = F.relu(self.norm1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.fc(x.mean((2, 3)))


class TwoConvolutions(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.norm1 = nn.GroupNorm(8, outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.norm2 = nn.GroupNorm(8, outputs)

    def forward(self, x):
        x = F.relu(self.norm1(self.conv1(x)))
        return F.relu(self.norm2(self.conv2(x)))


class UNet(nn.Module):
    """A small U-Net (Ronneberger et al. 2015): scores for each pixel, of pictures of any size from 4."""

    def __init__(self, channels=1, classes=2):
        super().__init__()
        self.down1 = TwoConvolutions(channels, 16)
        self.down2 = TwoConvolutions(16, 32)
        self.bottom = TwoConvolutions(32, 64)
        self.up2 = TwoConvolutions(64 + 32, 32)
        self.up1 = TwoConvolutions(32 + 16, 16)
        self.out = nn.Conv2d(16, classes, 1)

    def forward(self, x):
        top = self.down1(x)
        middle = self.down2(F.max_pool2d(top, 2))
        x = self.bottom(F.max_pool2d(middle, 2))
        x = self.up2(torch.cat([enlarged(x, middle), middle], 1))
        x = self.up1(torch.cat([enlarged(x, top), top], 1))
        return self.out(x)


class RecurrentRows(nn.Module):
    """The rows of a picture as a sequence: the last hidden state, and a dense layer."""

    def __init__(self, kind, side, classes=10):
        super().__init__()
        self.rnn = kind(side, 256, batch_first=True)
        self.fc = nn.Linear(256, classes)

    def forward(self, x):
        return self.fc(self.rnn(x.flatten(1, 2))[0][:, -1])


class TransformerRows(nn.Module):
    """The rows of a picture as the tokens of an encoder, and a dense layer over their mean."""

    def __init__(self, side, classes=10, width=256):
        super().__init__()
        self.embed = nn.Linear(side, width)
        self.position = nn.Parameter(0.02 * torch.randn(side, width))
        layer = nn.TransformerEncoderLayer(width, 4, 4 * width, dropout=0.0, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 4)
        self.fc = nn.Linear(width, classes)

    def forward(self, x):
        return self.fc(self.encoder(self.embed(x.flatten(1, 2)) + self.position).mean(1))


def enlarged(x, like):
    """Each pixel twice in each direction; the last ones once more where `like` is odd."""
    x = F.interpolate(x, scale_factor=2, mode="nearest")
    right, bottom = like.shape[3] - x.shape[3], like.shape[2] - x.shape[2]
    return F.pad(x, (0, right, 0, bottom), mode="replicate")


NAMES = ("paper-cnn", "lenet5", "mlp", "resnet8")


def build(name, channels=1, classes=10, side=28, kernel=3):
    """The network of that name; only paper-cnn has a kernel to choose, and resnet8 takes images of any size."""
    if name == "paper-cnn":
        return PaperCnn(channels, classes, side, kernel)
    if name == "lenet5":
        return LeNet5(channels, classes, side)
    if name == "mlp":
        return Mlp(channels, classes, side)
    if name == "resnet8":
        return ResNet8(channels, classes)
    if name in ("lstm", "gru"):
        return RecurrentRows(nn.LSTM if name == "lstm" else nn.GRU, side, classes)
    if name == "transformer":
        return TransformerRows(side, classes)
    raise ValueError(f"model: expected one of {', '.join(NAMES)}, got {name}")
