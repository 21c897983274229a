#!/usr/bin/env python3
"""Writes data/encoder_*.npy: features of torchvision's and timm's networks on weights both sides can make.

Needs Debian's python3-torch and python3-torchvision, and timm from PyPI. Each parameter is filled by a whole-number hash
of its name and index (formula() below, formula_fill() in image_architecture_test.cc), so no weights are
stored. Of the features every eighth is kept. Rows 0-1 of a file: inference features of two pictures 96 x 64; rows 2-3: the same in training
mode (batch statistics).
"""
import pathlib

import numpy as np
import timm
import torch
import torchvision

HERE = pathlib.Path(__file__).resolve().parent / "data"
EVERY = 8


def fnv1a(text):
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value


def formula(name, count):
    """splitmix64's finaliser of (fnv1a(name) + i), as numbers of 24 bits in [-1, 1)."""
    with np.errstate(over="ignore"):
        z = np.uint64(fnv1a(name)) + np.arange(count, dtype=np.uint64)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(40)).astype(np.float64) / 2.0**23 - 1.0


def fill(name, tensor):
    values = formula(name, tensor.numel())
    if tensor.dim() == 4:
        values *= np.sqrt(6.0 / (tensor.shape[1] * tensor.shape[2] * tensor.shape[3]))
    elif name.endswith(("weight", "running_var")):
        values = 1.0 + 0.25 * values
    else:
        values *= 0.25
    return torch.from_numpy(values.astype(np.float32)).reshape(tensor.shape)


TORCHVISION = ("mobilenet_v2", "densenet121", "densenet169", "resnet18", "resnet34", "resnet50", "resnext50_32x4d")
TIMM = ("efficientnet_b0", "efficientnet_b3", "tf_efficientnet_b1", "efficientnet_lite1", "tf_efficientnet_lite0")


def networks():
    for name in TORCHVISION:
        model = getattr(torchvision.models, name)(weights=None)
        setattr(model, "fc" if "resne" in name else "classifier", torch.nn.Identity())
        yield name, model
    for name in TIMM:
        yield name, timm.create_model(name, pretrained=False, num_classes=0)


def main():
    torch.set_grad_enabled(False)
    x = torch.from_numpy(formula("picture", 2 * 3 * 96 * 64).astype(np.float32))
    x = x.reshape(2, 3, 96, 64)
    for name, model in networks():
        for key, tensor in model.state_dict().items():
            if not key.endswith("num_batches_tracked"):
                tensor.copy_(fill(key, tensor))
        model.eval()
        plain = model(x)
        model.train()
        trained = model(x)
        both = torch.cat([plain, trained]).numpy()[:, ::EVERY]
        assert np.isfinite(both).all() and both.std() > 0, name
        np.save(HERE / f"encoder_{name}.npy", both)
        print(name, both.shape, abs(both).mean(axis=1))


if __name__ == "__main__":
    main()
