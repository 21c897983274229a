#!/usr/bin/env python3
"""Writes resample_expectations.json: what Pillow and torchvision's transforms (PyPI) make of one small picture.

Written with Pillow 12.0 and torchvision 0.29. Pillow 13 filters down before across where that is less work, so bytes may
differ by one there.
"""
import json
import pathlib

import numpy as np
from PIL import Image
from torchvision import transforms

FILTERS = {"box": Image.Resampling.BOX, "bilinear": Image.Resampling.BILINEAR, "hamming": Image.Resampling.HAMMING,
           "bicubic": Image.Resampling.BICUBIC, "lanczos": Image.Resampling.LANCZOS}


def picture(width, height):
    """The twin of the test's."""
    x, y, c = np.meshgrid(np.arange(width), np.arange(height), np.arange(3), indexing="xy")
    return Image.fromarray(((x * 37 + y * 101 + c * 59 + x * y * 13) % 256).astype(np.uint8))


def pixels(image):
    return np.asarray(image).tobytes().hex()


resized = [{"filter": name, "width": width, "height": height, "pixels": pixels(picture(61, 43).resize((width, height), kind))}
           for name, kind in FILTERS.items() for width, height in ((5, 4), (7, 43), (61, 6), (9, 50))]
fitted = []
for fitting, size, resized_to in (("shortest", 16, 16), ("shortest", 16, 19), ("squash", 16, 16), ("squash", 16, 18), ("shortest", 20, 17)):
    for wide, high in ((61, 43), (43, 61), (40, 40)):
        way = transforms.Resize(resized_to if fitting == "shortest" else (resized_to, resized_to),
                                transforms.InterpolationMode.BICUBIC)
        fitted.append({"fitting": fitting, "size": size, "resized": resized_to, "width": wide, "height": high,
                       "pixels": pixels(transforms.CenterCrop(size)(way(picture(wide, high))))})
(pathlib.Path(__file__).parent / "resample_expectations.json").write_text(json.dumps({"resized": resized, "fitted": fitted}, indent=1) + "\n")
