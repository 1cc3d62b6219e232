"""Takes models from PyTorch to sentei and back by way of ONNX, and compares what all sides say about the same images.

For each network and each of PyTorch's exporters: onnxruntime and `sentei evaluate` on the file; onnxruntime on what
`sentei export` makes of it, dense, masked and compact. Prints one line a file; exits with 1 if any top-1 class differs.
"""

import argparse
import pathlib
import subprocess
import sys
import warnings

import numpy as np
import onnx
import onnxruntime
import torch
import torchvision
from torch import nn

warnings.filterwarnings("ignore")


class LeNet5(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(400, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x):
        x = torch.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = torch.max_pool2d(torch.relu(self.conv2(x)), 2)
        x = x.view(x.size(0), -1)
        return self.fc3(torch.relu(self.fc2(torch.relu(self.fc1(x)))))


def mlp():
    return nn.Sequential(
        nn.Flatten(), nn.Linear(784, 300), nn.ReLU(), nn.Dropout(0.2), nn.Linear(300, 100), nn.ReLU(), nn.Linear(100, 10)
    )


def vgg():
    plan = [32, "M", 64, "M", 128, 128, "M", 256, 256, "M", 256, 256, "M"]
    features = torchvision.models.vgg.make_layers(plan, batch_norm=True)
    return nn.Sequential(features, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(256, 10))


NETWORKS = {
    "mlp": (mlp, (1, 28, 28)),
    "lenet5": (LeNet5, (1, 28, 28)),
    "vgg": (vgg, (3, 32, 32)),
    "resnet18": (lambda: torchvision.models.resnet18(num_classes=10), (3, 32, 32)),
    "mobilenet": (lambda: torchvision.models.mobilenet_v2(num_classes=10, width_mult=0.5), (3, 32, 32)),
}


def built(name, seed):
    """The network with random weights, and statistics of normalisation that the weights alone would not give."""
    torch.manual_seed(seed)
    make, shape = NETWORKS[name]
    model = make()
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, 0, 0.2)
    # A few batches in training mode, so that the running statistics are those of real values.
    model.train()
    with torch.no_grad():
        for _ in range(5):
            model(torch.randn(32, *shape) * 1.3 + 0.2)
    return model.eval(), shape


def export(model, shape, exporter, path):
    sample = torch.randn(2, *shape)
    if exporter == "dynamo":
        torch.onnx.export(
            model, (sample,), path, input_names=["input"], output_names=["output"], dynamo=True, external_data=False,
            dynamic_shapes=({0: torch.export.Dim("batch")},), verbose=False)
        return
    # PyTorch folds normalisation into convolutions unless the training mode is preserved.
    preserve = torch.onnx.TrainingMode.PRESERVE if exporter == "unfolded" else torch.onnx.TrainingMode.EVAL
    torch.onnx.export(
        model, (sample,), path, input_names=["input"], output_names=["output"], dynamo=False, opset_version=17,
        training=preserve, do_constant_folding=exporter != "unfolded",
        dynamic_axes={"input": {0: "batch"}, "output": {0: "batch"}})


def run(path, images):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    # Fusions reorder sums, and this is to judge the file.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return np.concatenate([session.run(None, {name: images[i:i + 100]})[0] for i in range(0, len(images), 100)])


def prunable(path):
    """The shapes of the weights that a mask has bits for, in the file's order: all but the classifier's."""
    graph = onnx.load(path).graph
    tensors = {tensor.name: list(tensor.dims) for tensor in graph.initializer}
    weights = [tensors[node.input[1]] for node in graph.node if node.op_type in ("Conv", "Gemm", "MatMul")]
    return weights[:-1]


def mask(shapes, seed):
    """Half of all rows, and half of the weights in the others."""
    random = np.random.default_rng(seed)
    parts = []
    for shape in shapes:
        rows = random.random(shape[0]) < 0.5
        parts.append(((random.random(shape) < 0.5) & rows.reshape(-1, *[1] * (len(shape) - 1))).ravel())
    return np.concatenate(parts).astype(np.uint8)


def difference(ours, theirs):
    """(top-1 classes that differ, largest difference relative to the largest score)"""
    classes = int((ours.argmax(1) != theirs.argmax(1)).sum())
    return classes, float(np.abs(ours - theirs).max() / np.abs(theirs).max())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sentei", default=".build/release/sentei")
    parser.add_argument("--folder", default="onnx-roundtrip", help="where files are left")
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--only", nargs="*", choices=list(NETWORKS), default=list(NETWORKS))
    parser.add_argument("--exporters", nargs="*", default=["legacy", "unfolded", "dynamo"])
    arguments = parser.parse_args()
    folder = pathlib.Path(arguments.folder)
    folder.mkdir(parents=True, exist_ok=True)
    failures = 0

    def sentei(*words):
        subprocess.run([arguments.sentei, *map(str, words)], check=True, stdout=subprocess.DEVNULL)

    def report(what, found, theirs, extra=""):
        nonlocal failures
        classes, relative = difference(found, theirs)
        failures += classes > 0
        print(f"{what:<34} top-1 differs {classes}/{len(found)}  largest difference {relative:.1e} {extra}", flush=True)

    for name in arguments.only:
        model, shape = built(name, seed=7)
        images = np.random.default_rng(1).normal(0.2, 1.3, (arguments.images, *shape)).astype(np.float32)
        labels = np.zeros(len(images), np.uint8)
        np.save(folder / f"{name}-x.npy", images)
        np.save(folder / f"{name}-y.npy", labels)
        with torch.no_grad():
            truth = np.concatenate([model(torch.from_numpy(images[i:i + 100])).numpy() for i in range(0, len(images), 100)])
        for exporter in arguments.exporters:
            path = folder / f"{name}-{exporter}.onnx"
            export(model, shape, exporter, str(path))
            theirs = run(path, images)
            report(f"{name} {exporter}: onnxruntime", theirs, truth)
            logits = folder / f"{name}-{exporter}-logits.npy"
            data = ("--x", folder / f"{name}-x.npy", "--y", folder / f"{name}-y.npy", "--classes", 10)
            sentei("evaluate", path, *data, "--logits", logits)
            report(f"{name} {exporter}: sentei", np.load(logits), theirs)

            back = folder / f"{name}-{exporter}-back.onnx"
            sentei("export", path, "--output", back)
            onnx.checker.check_model(str(back), full_check=True)
            report(f"{name} {exporter}: back", run(back, images), theirs)

            bits = folder / f"{name}-{exporter}-mask.npy"
            np.save(bits, mask(prunable(path), seed=3))
            forms = {}
            for form in ("masked", "compact"):
                pruned = folder / f"{name}-{exporter}-{form}.onnx"
                sentei("export", path, "--output", pruned, "--mask", bits, "--form", form)
                onnx.checker.check_model(str(pruned), full_check=True)
                forms[form] = pruned
            sentei("evaluate", path, *data, "--mask", bits, "--logits", logits)
            report(f"{name} {exporter}: masked", run(forms["masked"], images), np.load(logits))
            sizes = [forms[form].stat().st_size for form in ("masked", "compact")]
            report(f"{name} {exporter}: compact", run(forms["compact"], images), run(forms["masked"], images),
                   f"({sizes[0]} -> {sizes[1]} bytes)")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
