#!/usr/bin/env python3
"""Writes expected_images.npy into data/clip_{hf,open_clip,open_clip_custom} and data/clip_hf_vision, a tower of pictures alone.

Needs torch, transformers, open_clip_torch and safetensors from PyPI. A row for each of the two pictures of formula("picture")
of make_encoder_expectations.py, 32 pixels a side as bytes, projected into the space that texts share.
"""
import json
import pathlib
import shutil

import numpy as np
import torch
import transformers
from open_clip.model import CLIP, CLIPTextCfg, CLIPVisionCfg, CustomTextCLIP
from safetensors.torch import load_file

from make_encoder_expectations import formula

DATA = pathlib.Path(__file__).resolve().parent / "data"
SIDE = 32


def pictures(mean, std):
    values = formula("picture", 2 * 3 * SIDE * SIDE).reshape(2, SIDE, SIDE, 3)
    x = torch.from_numpy(np.floor((values + 1) * 127.5).astype(np.float32)) / 255
    return ((x - torch.tensor(mean)) / torch.tensor(std)).permute(0, 3, 1, 2)


def write(name, rows):
    rows = rows.numpy().astype(np.float32)
    assert np.isfinite(rows).all() and rows.std() > 0, name
    np.save(DATA / name / "expected_images.npy", rows)
    print(name, rows.shape, abs(rows).mean())


def hugging_face():
    clip = ([0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711])
    whole = transformers.CLIPModel.from_pretrained(DATA / "clip_hf").eval()
    pooled = whole.vision_model(pixel_values=pictures(*clip)).pooler_output
    write("clip_hf", whole.visual_projection(pooled))
    config = transformers.CLIPVisionConfig(hidden_size=8, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
                                           image_size=SIDE, patch_size=16, projection_dim=6)
    torch.manual_seed(5)
    tower = transformers.CLIPVisionModelWithProjection(config).eval()
    for tensor in tower.state_dict().values():
        if tensor.is_floating_point():
            tensor.copy_(0.4 * torch.randn_like(tensor) + (1 if tensor.dim() == 1 else 0))
    shutil.rmtree(DATA / "clip_hf_vision", ignore_errors=True)
    tower.save_pretrained(DATA / "clip_hf_vision")
    write("clip_hf_vision", tower(pixel_values=pictures(*clip)).image_embeds)


def open_clips():
    for name, kind in (("clip_open_clip", CLIP), ("clip_open_clip_custom", CustomTextCLIP)):
        config = json.loads((DATA / name / "open_clip_config.json").read_text())["model_cfg"]
        model = kind(config["embed_dim"], CLIPVisionCfg(**config["vision_cfg"]), CLIPTextCfg(**config["text_cfg"]),
                     quick_gelu=config["quick_gelu"]).eval()
        model.load_state_dict(load_file(DATA / name / "open_clip_model.safetensors"))
        write(name, model.encode_image(pictures([0.5] * 3, [0.25] * 3)))


if __name__ == "__main__":
    with torch.no_grad():
        hugging_face()
        open_clips()
