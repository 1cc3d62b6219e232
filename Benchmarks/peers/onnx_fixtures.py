"""Writes the small model files under Tests/Fixtures/Models that the tests of the readers use.

`NAME-legacy.onnx` and `NAME-dynamo.onnx` by PyTorch's two exporters, `NAME.safetensors` the state dictionary, and
`NAME-expected.safetensors` with samples `x` and what PyTorch says about them, `y`.
"""

import pathlib
import warnings

import onnx
import safetensors.torch
import torch
from torch import nn
from torch.nn import functional

from onnx_roundtrip import export

warnings.filterwarnings("ignore")


class Branches(nn.Module):
    """Every kind of layer once: groups, a residual sum, a concatenation, padded pools, a mean instead of a pool."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(2, 6, 3, padding=1, bias=False), nn.BatchNorm2d(6), nn.ReLU6())
        self.left = nn.Conv2d(6, 6, 3, padding=1, groups=6)
        self.right = nn.Conv2d(6, 6, 1)
        self.down = nn.Conv2d(6, 4, 3, stride=2, padding=1)
        self.head = nn.Linear(10, 5)

    def forward(self, x):
        x = self.stem(x)
        x = functional.leaky_relu(self.left(x) + x, 0.1)
        x = torch.cat([functional.max_pool2d(torch.tanh(self.right(x)), 3, 2, 1), torch.sigmoid(self.down(x))], 1)
        x = functional.avg_pool2d(x, 2, ceil_mode=True)
        return functional.log_softmax(self.head(x.mean([2, 3])), -1)


class Flattened(nn.Module):
    """A flattening by arithmetic on shapes, a layer without bias, normalised features, softmax."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 3, 3, stride=2, padding="valid")
        self.hidden = nn.Linear(27, 8, bias=False)
        self.norm = nn.BatchNorm1d(8)
        self.output = nn.Linear(8, 4)

    def forward(self, x):
        x = functional.max_pool2d(torch.relu(self.conv(x)), 2, 1)
        x = self.norm(self.hidden(x.view(x.size(0), -1)))
        return torch.softmax(self.output(torch.clamp(x, -0.5)), 1)


def stripped(file):
    """The file without notes on the machine that made it."""
    for message in [file.graph, *file.graph.node, *file.graph.value_info, *file.graph.input, *file.graph.output]:
        message.ClearField("metadata_props")
        message.ClearField("doc_string")
    del file.graph.value_info[:]
    return file


def main():
    folder = pathlib.Path(__file__).resolve().parents[2] / "Tests/Fixtures/Models"
    folder.mkdir(parents=True, exist_ok=True)
    for name, make, shape in (("branches", Branches, (2, 9, 9)), ("flattened", Flattened, (1, 10, 10))):
        torch.manual_seed(11)
        model = make()
        for module in model.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                nn.init.uniform_(module.weight, 0.5, 1.5)
                nn.init.normal_(module.bias, 0, 0.3)
                nn.init.normal_(module.running_mean, 0, 0.3)
                nn.init.uniform_(module.running_var, 0.5, 2)
        model.eval()
        x = torch.randn(20, *shape)
        with torch.no_grad():
            y = model(x)
        for exporter, file in (("unfolded", f"{name}-legacy.onnx"), ("dynamo", f"{name}-dynamo.onnx")):
            export(model, shape, exporter, str(folder / file))
            onnx.save(stripped(onnx.load(folder / file)), folder / file)
        safetensors.torch.save_file(model.state_dict(), folder / f"{name}.safetensors")
        safetensors.torch.save_file({"x": x, "y": y.contiguous()}, folder / f"{name}-expected.safetensors")


if __name__ == "__main__":
    main()
