#!/usr/bin/env python3
"""Writes the weight-file fixtures of data/. Needs torch and safetensors (PyPI)."""
import collections
import os
import pathlib
import pickle
import zipfile

import numpy as np
import safetensors.torch
import torch

HERE = pathlib.Path(__file__).resolve().parent / "data"

TENSORS = collections.OrderedDict(
    f64=torch.tensor([1.5, -2.25], dtype=torch.float64),
    i64=torch.tensor([[-(2**40)], [7]], dtype=torch.int64),
    f32=torch.tensor([[0.5, -1.0, 3.25], [1e-3, 1e30, -0.0]]),
    i32=torch.tensor([-70000, 70000], dtype=torch.int32),
    bf16=torch.tensor([1.0, -3.140625, 1e-38], dtype=torch.bfloat16),
    f16=torch.tensor([0.333251953125, -65504.0, 6e-8], dtype=torch.float16),
    i16=torch.tensor([-300, 300], dtype=torch.int16),
    bool=torch.tensor([True, False, True]),
    i8=torch.tensor([-5, 5], dtype=torch.int8),
    u8=torch.tensor([0, 255], dtype=torch.uint8),
    empty=torch.zeros(3, 0),
    scalar=torch.tensor(42.0),
)


class Runs:
    def __reduce__(self):
        return os.system, ("true",)


def main():
    safetensors.torch.save_file(TENSORS, HERE / "all_types.safetensors", {"format": "pt", "é": "ü\n"})

    torch.save(TENSORS, HERE / "all_types.pth")
    base = torch.arange(12, dtype=torch.float32)
    layer = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 1), torch.nn.BatchNorm2d(2))
    with torch.no_grad():
        layer[0].weight.copy_(torch.tensor([2.0, -2.0]).reshape(2, 1, 1, 1))
        layer[0].bias.copy_(torch.tensor([0.25, 0.5]))
    checkpoint = {
        "epoch": 3,
        "note": "text",
        "rate": 1e-4,
        "best": None,
        "model": layer.state_dict(),
        "views": {"transposed": base.view(3, 4).t(), "slice": base[4:8], "every_third": base[::3]},
        "parameter": torch.nn.Parameter(torch.tensor([9.0])),
        "list": [torch.tensor([1.0]), {"deep": torch.tensor([2])}],
    }
    torch.save(checkpoint, HERE / "checkpoint.pth")
    torch.save({"expanded": torch.tensor([1.0]).expand(1000)}, HERE / "expanded.pth")
    torch.save(layer, HERE / "whole_module.pth")
    torch.save({"a": Runs()}, HERE / "runs_code.pth")
    # The same, compressed.
    with zipfile.ZipFile(HERE / "all_types.pth") as stored:
        with zipfile.ZipFile(HERE / "deflated.pth", "w", zipfile.ZIP_DEFLATED) as packed:
            for name in stored.namelist():
                packed.writestr(name, stored.read(name))
    # Protocol 4, as newer tools write on request.
    torch.save({"w": torch.tensor([3.0, 4.0])}, HERE / "protocol4.pth", pickle_protocol=4)

    np.save(HERE / "float32.npy", np.arange(6, dtype=np.float32).reshape(2, 3))
    np.save(HERE / "float64.npy", np.array([0.1, -0.2]))
    np.save(HERE / "int64.npy", np.array([[[-(2**40)]]]))
    np.save(HERE / "fortran.npy", np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)))
    np.save(HERE / "float16.npy", np.zeros(2, np.float16))
    with open(HERE / "version2.npy", "wb") as file:
        np.lib.format.write_array(file, np.arange(3, dtype=np.float32), version=(2, 0))


if __name__ == "__main__":
    main()
