"""Small networks of each kind that people bring: as they are written, with the layers of the large ones."""

import torch
from torch import nn
from torch.nn import functional as F
from torchvision.ops import StochasticDepth


class Residual(nn.Module):
    def __init__(self, inputs, outputs, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    """Batch norm, strided convolutions, a padded max-pool."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(6)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = nn.Sequential(Residual(6, 6))
        self.layer2 = nn.Sequential(Residual(6, 8, 2))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(8, 5)

    def forward(self, x):
        x = self.maxpool(F.relu(self.bn1(self.conv1(x))))
        return self.fc(torch.flatten(self.avgpool(self.layer2(self.layer1(x))), 1))


class Squeeze(nn.Module):
    """Squeeze and excitation."""

    def __init__(self, channels, inner, activation, gate):
        super().__init__()
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Conv2d(channels, inner, 1)
        self.fc2 = nn.Conv2d(inner, channels, 1)
        self.activation, self.gate = activation, gate

    def forward(self, x):
        return x * self.gate(self.fc2(self.activation(self.fc1(self.avgpool(x)))))


class MobileNet(nn.Module):
    """Depthwise convolutions, hard-swish, squeeze and excitation with hard-sigmoid."""

    def __init__(self):
        super().__init__()
        def norm(channels):
            return nn.BatchNorm2d(channels, eps=0.001, momentum=0.01)

        self.features = nn.Sequential(
            nn.Conv2d(3, 6, 3, 2, 1, bias=False), norm(6), nn.Hardswish(),
            nn.Conv2d(6, 12, 1, bias=False), norm(12), nn.Hardswish(),
            nn.Conv2d(12, 12, 5, 2, 2, groups=12, bias=False), norm(12), nn.Hardswish(),
            Squeeze(12, 4, nn.ReLU(), nn.Hardsigmoid()),
            nn.Conv2d(12, 8, 1, bias=False), norm(8),
        )
        self.classifier = nn.Sequential(nn.Linear(8, 10), nn.Hardswish(), nn.Dropout(0.2), nn.Linear(10, 5))

    def forward(self, x):
        return self.classifier(self.features(x).mean((2, 3)))


class EfficientNet(nn.Module):
    """SiLU, squeeze and excitation with sigmoid, stochastic depth, dropout."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 6, 3, 2, 1, bias=False), nn.BatchNorm2d(6), nn.SiLU())
        self.block = nn.Sequential(
            nn.Conv2d(6, 12, 1, bias=False), nn.BatchNorm2d(12), nn.SiLU(),
            nn.Conv2d(12, 12, 3, 1, 1, groups=12, bias=False), nn.BatchNorm2d(12), nn.SiLU(),
            Squeeze(12, 3, nn.SiLU(), nn.Sigmoid()),
            nn.Conv2d(12, 6, 1, bias=False), nn.BatchNorm2d(6),
        )
        self.stochastic_depth = StochasticDepth(0.2, "row")
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(6, 5))

    def forward(self, x):
        x = self.stem(x)
        x = x + self.stochastic_depth(self.block(x))
        return self.classifier(torch.flatten(self.avgpool(x), 1))


class Fire(nn.Module):
    def __init__(self, inputs, squeeze, expand):
        super().__init__()
        self.squeeze = nn.Conv2d(inputs, squeeze, 1)
        self.expand1x1 = nn.Conv2d(squeeze, expand, 1)
        self.expand3x3 = nn.Conv2d(squeeze, expand, 3, padding=1)

    def forward(self, x):
        x = F.relu(self.squeeze(x))
        return torch.cat([F.relu(self.expand1x1(x)), F.relu(self.expand3x3(x))], 1)


class SqueezeNet(nn.Module):
    """Max-pools that round up; the classifier is a convolution."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 8, 3, 2), nn.ReLU(), nn.MaxPool2d(3, 2, ceil_mode=True),
            Fire(8, 4, 6), nn.MaxPool2d(3, 2, ceil_mode=True), Fire(12, 4, 8),
        )
        self.classifier = nn.Sequential(
            nn.Dropout(0.5), nn.Conv2d(16, 5, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1)
        )

    def forward(self, x):
        return torch.flatten(self.classifier(self.features(x)), 1)


class ConvNext(nn.Module):
    """Layer norm of channels, depthwise 7x7, GELU, a learned scale of each layer."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 4, 4)
        self.norm0 = nn.LayerNorm(8, eps=1e-6)
        self.depthwise = nn.Conv2d(8, 8, 7, padding=3, groups=8)
        self.norm = nn.LayerNorm(8, eps=1e-6)
        self.fc1 = nn.Linear(8, 16)
        self.fc2 = nn.Linear(16, 8)
        self.layer_scale = nn.Parameter(torch.full((8, 1, 1), 0.5))
        self.head = nn.Linear(8, 5)

    def forward(self, x):
        x = self.norm0(self.stem(x).permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        y = self.norm(self.depthwise(x).permute(0, 2, 3, 1))
        y = self.fc2(F.gelu(self.fc1(y))).permute(0, 3, 1, 2)
        return self.head((x + self.layer_scale * y).mean((-2, -1)))


class ViT(nn.Module):
    """Patches, a class token, learned positions, attention."""

    def __init__(self):
        super().__init__()
        self.conv_proj = nn.Conv2d(3, 8, 4, 4)
        self.class_token = nn.Parameter(torch.randn(1, 1, 8) * 0.1)
        self.pos_embedding = nn.Parameter(torch.randn(1, 17, 8) * 0.1)
        self.ln_1 = nn.LayerNorm(8)
        self.self_attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.ln_2 = nn.LayerNorm(8)
        self.mlp = nn.Sequential(nn.Linear(8, 16), nn.GELU(), nn.Linear(16, 8))
        self.ln = nn.LayerNorm(8)
        self.head = nn.Linear(8, 5)

    def forward(self, x):
        n = x.shape[0]
        x = self.conv_proj(x).reshape(n, 8, 16).permute(0, 2, 1)
        x = torch.cat([self.class_token.expand(n, -1, -1), x], 1) + self.pos_embedding
        y = self.ln_1(x)
        x = x + self.self_attention(y, y, y, need_weights=False)[0]
        x = x + self.mlp(self.ln_2(x))
        return self.head(self.ln(x)[:, 0])


class UNet(nn.Module):
    """Two ways up: a transposed convolution, and bilinear resizing. Scores of each pixel."""

    def __init__(self):
        super().__init__()
        self.down = nn.Sequential(nn.Conv2d(3, 6, 3, padding=1, bias=False), nn.BatchNorm2d(6), nn.ReLU())
        self.middle = nn.Sequential(nn.Conv2d(6, 8, 3, padding=1), nn.ReLU())
        self.bottom = nn.Sequential(nn.Conv2d(8, 10, 3, padding=1), nn.ReLU())
        self.up = nn.ConvTranspose2d(10, 8, 2, 2)
        self.join = nn.Sequential(nn.Conv2d(16, 6, 3, padding=1), nn.ReLU())
        self.out = nn.Conv2d(12, 3, 1)

    def forward(self, x):
        top = self.down(x)
        middle = self.middle(F.max_pool2d(top, 2))
        y = self.up(self.bottom(F.max_pool2d(middle, 2)))
        y = self.join(torch.cat([y, middle], 1))
        y = F.interpolate(y, scale_factor=2, mode="bilinear", align_corners=False)
        return self.out(torch.cat([y, top], 1))


class Encoder(nn.Module):
    """nn.TransformerEncoder over tokens, with padding that is masked."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(24, 8)
        layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.1, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        # PyTorch copies one layer, and the legacy exporter ties weights that are equal.
        for tensor in self.encoder.parameters():
            nn.init.normal_(tensor, std=0.2)
        self.fc = nn.Linear(8, 5)

    def forward(self, ids):
        return self.fc(self.encoder(self.embedding(ids), src_key_padding_mask=ids == 0).mean(1))


class Bert(nn.Module):
    """BERT as it is written: ids, token types and a mask; the first place is classified."""

    def __init__(self):
        super().__init__()
        self.word_embeddings = nn.Embedding(24, 8)
        self.position_embeddings = nn.Embedding(10, 8)
        self.token_type_embeddings = nn.Embedding(2, 8)
        self.register_buffer("position_ids", torch.arange(10).expand((1, -1)), persistent=False)
        self.layer_norm = nn.LayerNorm(8, eps=1e-12)
        self.dropout = nn.Dropout(0.1)
        self.query, self.key, self.value = nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 8)
        self.dense = nn.Linear(8, 8)
        self.norm1 = nn.LayerNorm(8, eps=1e-12)
        self.intermediate, self.output = nn.Linear(8, 16), nn.Linear(16, 8)
        self.norm2 = nn.LayerNorm(8, eps=1e-12)
        self.pooler, self.classifier = nn.Linear(8, 8), nn.Linear(8, 5)

    def heads(self, x):
        return x.view(x.size(0), x.size(1), 2, 4).transpose(1, 2)

    def forward(self, input_ids, attention_mask):
        types = torch.zeros_like(input_ids)
        positions = self.position_ids[:, : input_ids.size(1)]
        x = self.word_embeddings(input_ids) + self.token_type_embeddings(types)
        x = self.dropout(self.layer_norm(x + self.position_embeddings(positions)))
        mask = (1.0 - attention_mask[:, None, None, :].to(x.dtype)) * torch.finfo(x.dtype).min
        scores = self.heads(self.query(x)) @ self.heads(self.key(x)).transpose(-1, -2) / 2.0
        y = self.dropout(torch.softmax(scores + mask, -1)) @ self.heads(self.value(x))
        y = y.transpose(1, 2).reshape(x.shape)
        x = self.norm1(x + self.dropout(self.dense(y)))
        x = self.norm2(x + self.output(F.gelu(self.intermediate(x))))
        return self.classifier(torch.tanh(self.pooler(x[:, 0])))


class Lstm(nn.Module):
    """Two layers in both directions."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(3, 6, 2, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(12, 5)

    def forward(self, x):
        return self.fc(self.lstm(x)[0][:, -1])


class Gru(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(3, 6, 1, batch_first=True)
        self.fc = nn.Linear(6, 5)

    def forward(self, x):
        return self.fc(self.gru(x)[1][-1])


class Table(nn.Module):
    """Numbers and categories of a table, with embeddings: two inputs."""

    def __init__(self):
        super().__init__()
        self.embeddings = nn.ModuleList([nn.Embedding(6, 3), nn.Embedding(4, 2)])
        self.norm = nn.BatchNorm1d(4)
        self.fc1, self.bn1, self.fc2 = nn.Linear(9, 12), nn.BatchNorm1d(12), nn.Linear(12, 5)
        self.dropout = nn.Dropout(0.1)

    def forward(self, numbers, categories):
        parts = [embedding(categories[:, i]) for i, embedding in enumerate(self.embeddings)]
        x = torch.cat([*parts, self.norm(numbers)], 1)
        return self.fc2(self.dropout(F.relu(self.bn1(self.fc1(x)))))


class Signal(nn.Module):
    """Convolutions in one dimension, with a dilation."""

    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv1d(2, 6, 5, padding=2), nn.BatchNorm1d(6)
        self.conv2 = nn.Conv1d(6, 8, 3, padding=2, dilation=2)
        self.fc = nn.Linear(8, 5)

    def forward(self, x):
        x = F.max_pool1d(F.elu(self.bn1(self.conv1(x))), 2)
        return self.fc(F.leaky_relu(self.conv2(x)).mean(-1))


PICTURES = {"x": (3, 16, 16)}
# name → module, its inputs without the batch ("ids" below so many), and the exports that are kept.
ZOO = {
    "resnet": (ResNet, PICTURES, ["dynamo-train", "dynamo-eval", "legacy-train", "legacy-eval", "dynamo-optimized"]),
    "mobilenet": (MobileNet, PICTURES, ["dynamo-train", "legacy-train"]),
    "efficientnet": (EfficientNet, PICTURES, ["dynamo-train", "legacy-train"]),
    "squeezenet": (SqueezeNet, PICTURES, ["dynamo-eval", "legacy-train"]),
    "convnext": (ConvNext, PICTURES, ["dynamo-train", "legacy-eval"]),
    "vit": (ViT, PICTURES, ["dynamo-train", "legacy-eval"]),
    "unet": (UNet, PICTURES, ["dynamo-train", "legacy-train"]),
    "encoder": (Encoder, {"ids": (7, 24)}, ["dynamo-train", "legacy-eval"]),
    "bert": (Bert, {"input_ids": (7, 24), "attention_mask": (7, 2)}, ["dynamo-train", "legacy-train"]),
    "lstm": (Lstm, {"x": (6, 3)}, ["dynamo-train", "legacy-eval"]),
    "gru": (Gru, {"x": (6, 3)}, ["dynamo-eval", "legacy-train"]),
    "table": (Table, {"numbers": (4,), "categories": (2, 4)}, ["dynamo-train", "legacy-train"]),
    "signal": (Signal, {"x": (2, 12)}, ["dynamo-train", "legacy-train"]),
}
WHOLE = ("ids", "input_ids", "attention_mask", "categories")
