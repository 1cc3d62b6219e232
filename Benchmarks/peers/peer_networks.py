"""The zoo in PyTorch, written down on its own.

Layers stand in the order of the Swift side, so the parameters and then the running statistics, one behind the other,
are its parameter buffer.
"""

from torch import nn

SMALL = 64  # Images below this side get the CIFAR form.


class Residual(nn.Module):
    """Two 3x3 convolutions and a shortcut: a 1x1 projection where the shape changes (option B), else the identity."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))
        return (y + (self.downsample(x) if self.downsample else x)).relu()


class WideResidual(nn.Module):
    """Normalisation and ReLU in front of each convolution."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.shortcut = None
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Conv2d(inputs, outputs, 1, stride, bias=False)

    def forward(self, x):
        active = self.bn1(x).relu()
        y = self.conv2(self.bn2(self.conv1(active)).relu())
        return y + (self.shortcut(active) if self.shortcut else x)


def normalised(inputs, outputs, kernel, stride=1, padding=0, groups=1):
    return [nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups, bias=False), nn.BatchNorm2d(outputs),
            nn.ReLU()]


def mean_and_classify(channels, classes):
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes)]


def perceptron(features, hidden, classes, width):
    layers = [nn.Flatten()]
    for outputs in hidden:
        layers += [nn.Linear(features, width(outputs)), nn.ReLU()]
        features = width(outputs)
    return layers + [nn.Linear(features, classes)]


def lenet5(shape, classes, width):
    first, second = width(20), width(50)
    side = [((s - 4) // 2 - 4) // 2 for s in shape[1:]]
    return [nn.Conv2d(shape[0], first, 5), nn.MaxPool2d(2), nn.Conv2d(first, second, 5), nn.MaxPool2d(2), nn.Flatten(),
            nn.Linear(second * side[0] * side[1], width(500)), nn.ReLU(), nn.Linear(width(500), classes)]


def lenet5_classic(shape, classes, width):
    first, second = width(6), width(16)
    side = [(s // 2 - 4) // 2 for s in shape[1:]]
    return [nn.Conv2d(shape[0], first, 5, padding=2), nn.Tanh(), nn.AvgPool2d(2),
            nn.Conv2d(first, second, 5), nn.Tanh(), nn.AvgPool2d(2), nn.Flatten(),
            nn.Linear(second * side[0] * side[1], width(120)), nn.Tanh(),
            nn.Linear(width(120), width(84)), nn.Tanh(), nn.Linear(width(84), classes)]


def conv_n(stages, shape, classes, width):
    channels, height, rows = shape
    layers = []
    for outputs in map(width, stages):
        for inputs in (channels, outputs):
            layers += [nn.Conv2d(inputs, outputs, 3, 1, 1), nn.ReLU()]
        layers.append(nn.MaxPool2d(2))
        channels, height, rows = outputs, height // 2, rows // 2
    return layers + perceptron(channels * height * rows, [256, 256], classes, width)


def vgg(stages, shape, classes, width):
    channels, height, rows = shape
    small = min(height, rows) < SMALL
    layers = []
    for stage, (count, outputs) in enumerate(zip(stages, map(width, [64, 128, 256, 512, 512]))):
        for _ in range(count):
            layers += normalised(channels, outputs, 3, 1, 1) if small else [
                nn.Conv2d(channels, outputs, 3, 1, 1), nn.ReLU()]
            channels = outputs
        if not small or stage < 4:
            layers.append(nn.MaxPool2d(2))
    if small:
        return layers + mean_and_classify(channels, classes)
    hidden = width(4096)
    return layers + [nn.Flatten(), nn.Linear(channels * (height // 32) * (rows // 32), hidden), nn.ReLU(), nn.Dropout(),
                     nn.Linear(hidden, hidden), nn.ReLU(), nn.Dropout(), nn.Linear(hidden, classes)]


def alexnet(shape, classes, width):
    def even(channels):
        return 2 * width(channels / 2)

    a, b, c, d, hidden = even(96), even(256), even(384), even(256), width(4096)
    return [nn.Conv2d(shape[0], a, 11, 4, 0 if shape[1] == 227 else 2), nn.ReLU(), nn.MaxPool2d(3, 2),
            nn.Conv2d(a, b, 5, padding=2, groups=2), nn.ReLU(), nn.MaxPool2d(3, 2),
            nn.Conv2d(b, c, 3, padding=1), nn.ReLU(), nn.Conv2d(c, c, 3, padding=1, groups=2), nn.ReLU(),
            nn.Conv2d(c, d, 3, padding=1, groups=2), nn.ReLU(), nn.MaxPool2d(3, 2), nn.Flatten(),
            nn.Linear(d * 36, hidden), nn.ReLU(), nn.Dropout(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Dropout(),
            nn.Linear(hidden, classes)]


def mobilenet(shape, classes, width):
    channels = width(32)
    layers = normalised(shape[0], channels, 3, 1 if min(shape[1:]) < SMALL else 2, 1)
    for outputs, stride in [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1), (512, 1), (512, 1),
                            (512, 1), (512, 1), (1024, 2), (1024, 1)]:
        layers += normalised(channels, channels, 3, stride, 1, channels) + normalised(channels, width(outputs), 1)
        channels = width(outputs)
    return layers + mean_and_classify(channels, classes)


def stages(block, inputs, widths, blocks):
    layers = []
    for stage, outputs in enumerate(widths):
        for index in range(blocks):
            layers.append(block(inputs, outputs, 2 if stage > 0 and index == 0 else 1))
            inputs = outputs
    return layers


def resnet18(shape, classes, width):
    if min(shape[1:]) < SMALL:
        stem = normalised(shape[0], width(64), 3, 1, 1)
    else:
        stem = normalised(shape[0], width(64), 7, 2, 3) + [nn.MaxPool2d(3, 2, 1)]
    widths = [width(c) for c in (64, 128, 256, 512)]
    return stem + stages(Residual, widths[0], widths, 2) + mean_and_classify(widths[-1], classes)


def small_resnet(depth, shape, classes, width):
    widths = [width(c) for c in (16, 32, 64)]
    return (normalised(shape[0], widths[0], 3, 1, 1) + stages(Residual, widths[0], widths, (depth - 2) // 6)
            + mean_and_classify(widths[-1], classes))


def wide_resnet(depth, factor, shape, classes, width):
    widths = [width(c * factor) for c in (16, 32, 64)]
    return ([nn.Conv2d(shape[0], width(16), 3, 1, 1, bias=False)]
            + stages(WideResidual, width(16), widths, (depth - 4) // 6)
            + [nn.BatchNorm2d(widths[-1]), nn.ReLU()] + mean_and_classify(widths[-1], classes))


def network(name, shape, classes, multiplier=1.0):
    """The zoo's network of a name for samples of shape (channels, height, width)."""

    def width(published):
        return max(int(published * multiplier + 0.5), 1)

    rest = (shape, classes, width)
    features = shape[0] * shape[1] * shape[2]
    fixed = {
        "lenet-300-100": lambda: perceptron(features, [300, 100], classes, width),
        "lenet-5": lambda: lenet5(*rest),
        "lenet-5-classic": lambda: lenet5_classic(*rest),
        "conv-2": lambda: conv_n([64], *rest),
        "conv-4": lambda: conv_n([64, 128], *rest),
        "conv-6": lambda: conv_n([64, 128, 256], *rest),
        "vgg-11": lambda: vgg([1, 1, 2, 2, 2], *rest),
        "vgg-16": lambda: vgg([2, 2, 3, 3, 3], *rest),
        "vgg-19": lambda: vgg([2, 2, 4, 4, 4], *rest),
        "alexnet": lambda: alexnet(*rest),
        "mobilenet-v1": lambda: mobilenet(*rest),
        "resnet-18": lambda: resnet18(*rest),
        "resnet-20": lambda: small_resnet(20, *rest),
        "resnet-56": lambda: small_resnet(56, *rest),
    }
    if name in fixed:
        return nn.Sequential(*fixed[name]())
    if name.startswith("mlp-"):
        return nn.Sequential(*perceptron(features, [int(n) for n in name.split("-")[1:]], classes, width))
    if name.startswith("wide-resnet-"):
        depth, factor = map(int, name.split("-")[2:])
        return nn.Sequential(*wide_resnet(depth, factor, *rest))
    raise ValueError(f"no network is called {name}")
