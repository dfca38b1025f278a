"""Writes the files of test/fixtures/onnx, and what other programs compute with them: recordings.json.

    python test/onnx/record.py      # with newest torch, torchvision, onnxscript, onnxruntime, skl2onnx; a minute

Each file of a network is exported by PyTorch's exporter that is in its name, in that mode. `outputs` are what ONNX
Runtime gives for the file, in evaluation. `losses` are those of PyTorch: the mean cross-entropy before each of ten
steps of SGD with momentum on one batch, with dropout off, and batch norm by the batch (`batch`) or in evaluation
(`frozen`). Inputs are functions of position, which files.ts computes, too: element i is sin(1.7 i + 0.3), and a whole
number (i * i + 3 * i) mod 7 mod the vocabulary; masks hide the last two places of every second example.
"""

import json
import logging
import sys
import warnings
from pathlib import Path

sys.dont_write_bytecode = True
warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn
from torch.nn import functional as F

from zoo import WHOLE, ZOO

FOLDER = Path(__file__).parent.parent / "fixtures" / "onnx"
FOLDED = ("legacy-eval", "dynamo-optimized")
BATCH, CLASSES, STEPS, RATE, MOMENTUM = 6, 5, 10, 0.05, 0.9


def input_of(name, shape, batch=BATCH):
    if name not in WHOLE:
        count = batch * int(np.prod(shape))
        return torch.from_numpy(np.sin(1.7 * np.arange(count) + 0.3).astype(np.float32)).reshape(batch, *shape)
    length, vocabulary = shape
    places = np.arange(batch * length)
    if name == "attention_mask":
        values = ~((places // length % 2 == 1) & (places % length >= length - 2))
    else:
        values = (places * places + 3 * places) % 7 % vocabulary
    return torch.from_numpy(values.astype(np.int64)).reshape(batch, length)


def randomize(module):
    """Weights as PyTorch draws them, and running statistics and norms that are not 0 and 1."""
    for name, tensor in module.state_dict().items():
        if name.endswith("running_mean"):
            tensor.normal_(0, 0.2)
        elif name.endswith("running_var"):
            tensor.uniform_(0.5, 1.5)
    for part in module.modules():
        if isinstance(part, (nn.BatchNorm1d, nn.BatchNorm2d, nn.LayerNorm)):
            part.weight.data.uniform_(0.7, 1.3)
            part.bias.data.normal_(0, 0.1)


def export(module, inputs, names, kind, path):
    exporter, mode = kind.split("-")
    module.train(mode == "train")
    if exporter == "dynamo":
        torch.onnx.export(
            module, inputs, path, dynamo=True, optimize=mode == "optimized", external_data=False, verbose=False,
            input_names=names, output_names=["logits"],
            dynamic_shapes=tuple({0: torch.export.Dim("batch")} for _ in inputs),
        )
    else:
        torch.onnx.export(
            module, inputs, path, dynamo=False, opset_version=17, do_constant_folding=mode == "eval",
            training=torch.onnx.TrainingMode.TRAINING if mode == "train" else torch.onnx.TrainingMode.EVAL,
            input_names=names, output_names=["logits"], dynamic_axes={name: {0: "batch"} for name in [*names, "logits"]},
        )
    model = onnx.load(path)
    # Stack traces of the machine that exported it.
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    del model.graph.metadata_props[:]
    onnx.save(model, path)
    return model


def without_dropout(module):
    for part in module.modules():
        if isinstance(part, nn.Dropout):
            part.p = 0.0
        if isinstance(part, nn.MultiheadAttention):
            part.dropout = 0.0
        if type(part).__name__ == "StochasticDepth":
            part.p = 0.0


def losses_of(module, inputs, norm, rate=RATE):
    without_dropout(module)
    module.train()
    if norm == "frozen":
        for part in module.modules():
            if isinstance(part, (nn.BatchNorm1d, nn.BatchNorm2d)):
                part.eval()
    optimizer = torch.optim.SGD(module.parameters(), rate, MOMENTUM)
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        logits = module(*inputs)
        if logits.dim() == 2:
            target = torch.arange(logits.shape[0]) % logits.shape[1]
        else:
            target = torch.arange(logits[:, 0].numel()).reshape(logits[:, 0].shape) % logits.shape[1]
        loss = F.cross_entropy(logits, target)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def forward_of(path, inputs, names, module):
    """ONNX Runtime's outputs; of a file in training mode, those of the same network in evaluation."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    feeds = {name: value.numpy() for name, value in zip(names, inputs)}
    feeds = {port.name: feeds[port.name] for port in session.get_inputs()}
    return session.run(None, feeds)


def record_network(name, kinds, recordings):
    make, shapes, exports = ZOO[name]
    names = list(shapes)
    inputs = tuple(input_of(one, shape) for one, shape in shapes.items())
    for kind in exports:
        torch.manual_seed(sum(map(ord, name)))
        module = make()
        randomize(module)
        path = FOLDER / f"{name}-{kind}.onnx"
        export(module, tuple(each[:2] for each in inputs), names, kind, path)
        module.eval()
        state = {key: value.clone() for key, value in module.state_dict().items()}
        with torch.no_grad():
            expected = module(*inputs)
        if kind.endswith("train"):
            # The file draws random numbers: what PyTorch computes in evaluation stands for it.
            outputs = expected.numpy()
        else:
            outputs = forward_of(path, inputs, names, module)[0]
            assert np.abs(outputs - expected.numpy()).max() < 1e-5, path
        training = {}
        # Where batch norm was folded away, another network is trained than PyTorch's.
        if not kind.endswith(FOLDED) or not any(key.endswith("running_mean") for key in state):
            for norm in ("batch", "frozen"):
                module.load_state_dict(state)
                training[norm] = losses_of(module, inputs, norm)
        recordings[path.name] = {
            "inputs": {one: list(shape) for one, shape in shapes.items()},
            "outputs": [round(float(value), 9) for value in outputs.ravel()],
            "losses": training,
            "names": sorted(state) if kind != "dynamo-optimized" else None,
        }
        print(path.name, path.stat().st_size)


def record_scikit_learn(recordings):
    from skl2onnx import to_onnx
    from sklearn.linear_model import LogisticRegression
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rng = np.random.default_rng(3)
    x = rng.normal(size=(120, 4)).astype(np.float32)
    y = np.argmax(x[:, :3] + rng.normal(size=(120, 3)) * 0.3, 1)
    models = {
        "sklearn-mlp": MLPClassifier(hidden_layer_sizes=(6,), max_iter=60, random_state=1).fit(x, y),
        "sklearn-logistic": LogisticRegression().fit(x, y),
        "sklearn-scaled-logistic": make_pipeline(StandardScaler(), LogisticRegression()).fit(x * 3 + 1, y),
        "sklearn-binary-mlp": MLPClassifier(hidden_layer_sizes=(6,), max_iter=60, random_state=1).fit(x, y == 1),
        "sklearn-binary-logistic": LogisticRegression().fit(x, np.where(y == 1, "yes", "no")),
    }
    inputs = input_of("x", (4,))
    for name, model in models.items():
        path = FOLDER / f"{name}.onnx"
        path.write_bytes(to_onnx(model, x[:1], options={"zipmap": name != "sklearn-mlp"}).SerializeToString())
        probabilities = model.predict_proba(inputs.numpy())
        recordings[path.name] = {
            "inputs": {"X": [4]},
            "probabilities": [round(float(value), 9) for value in probabilities.ravel()],
            "losses": {"batch": losses_of(twin_of(model), (inputs,), "batch")},
        }
        print(path.name, path.stat().st_size)


    from sklearn.linear_model import LinearRegression
    from sklearn.neural_network import MLPRegressor

    amount = x[:, 0] - 2 * x[:, 1] + np.sin(x[:, 2])
    regressors = {
        "sklearn-linear-regression": LinearRegression().fit(x, amount),
        "sklearn-mlp-regressor": MLPRegressor(hidden_layer_sizes=(6,), max_iter=60, random_state=1).fit(x, amount),
    }
    for name, model in regressors.items():
        path = FOLDER / f"{name}.onnx"
        path.write_bytes(to_onnx(model, x[:1]).SerializeToString())
        recordings[path.name] = {
            "inputs": {"X": [4]},
            "outputs": [round(float(value), 9) for value in model.predict(inputs.numpy()).ravel()],
            "losses": {},
        }


def twin_of(model):
    """The same network as a PyTorch module: scores whose softmax are the probabilities."""
    steps = [step for _, step in model.steps] if hasattr(model, "steps") else [model]
    layers = []
    for step in steps:
        if hasattr(step, "scale_"):
            class Scale(nn.Module):
                def forward(self, x, mean=step.mean_, scale=step.scale_):
                    return ((x - torch.tensor(mean)) / torch.tensor(scale)).float()
            layers.append(Scale())
        elif hasattr(step, "coefs_"):
            for index, (weight, bias) in enumerate(zip(step.coefs_, step.intercepts_)):
                if index > 0:
                    layers.append(nn.ReLU())
                layers.append(linear(weight.T, bias))
        else:
            layers.append(linear(step.coef_, step.intercept_))
    last = layers[-1]
    if last.out_features == 1:
        layers.append(TwoScores())
    return nn.Sequential(*layers)


def linear(weight, bias):
    layer = nn.Linear(weight.shape[1], weight.shape[0])
    layer.weight.data = torch.tensor(weight, dtype=torch.float32)
    layer.bias.data = torch.tensor(bias, dtype=torch.float32)
    return layer


class TwoScores(nn.Module):
    """softmax(0, z) = (1 - sigmoid(z), sigmoid(z))"""

    def forward(self, z):
        return torch.cat([torch.zeros_like(z), z], 1)


def to_json(recordings):
    """A recording a line."""
    lines = (f"{json.dumps(name)}: {json.dumps(one)}" for name, one in recordings.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    recordings = {}
    chosen = sys.argv[1:] or [*ZOO, "sklearn"]
    for name in chosen:
        if name == "sklearn":
            record_scikit_learn(recordings)
        else:
            record_network(name, ZOO[name][2], recordings)
    target = Path(__file__).parent / "recordings.json"
    before = json.loads(target.read_text()) if target.exists() and sys.argv[1:] else {}
    target.write_text(to_json({**before, **recordings}))
