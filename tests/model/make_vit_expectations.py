#!/usr/bin/env python3
"""Writes data/vit_*: tiny vision transformers as their publishers save them, and the features that these compute.

Needs torch, torchvision, timm, transformers and open_clip_torch from PyPI. A folder holds config.json and model.safetensors as the
publisher's own functions write them (timm's and open_clip's config.json are ours), and expected.npy: the pooled features
of the two pictures of formula("picture") of make_encoder_expectations.py, 32 pixels a side; of timm's also
expected_other.npy, pictures of 40 x 24, for which positions are interpolated.
"""
import json
import pathlib
import shutil

import numpy as np
import open_clip
import timm
import torch
import transformers
from safetensors.torch import save_file
from timm.models.vision_transformer import VisionTransformer

from make_encoder_expectations import formula

HERE = pathlib.Path(__file__).resolve().parent / "data"
WIDTH, LAYERS, HEADS, PATCH, SIDE = 8, 2, 2, 4, 32


def pictures(high, wide):
    x = torch.from_numpy(formula("picture", 2 * 3 * high * wide).astype(np.float32))
    return x.reshape(2, 3, high, wide)


def shake(model, seed):
    """Weights away from where a fresh model has them: every part must count."""
    torch.manual_seed(seed)
    for name, tensor in model.state_dict().items():
        if not tensor.is_floating_point() or name.endswith("logit_scale"):
            continue
        noise = torch.randn_like(tensor)
        if tensor.dim() == 1 and name.endswith(("weight", "gamma", "lambda1")):
            tensor.copy_(1 + 0.3 * noise)
        elif "position" in name or "pos_embed" in name or "token" in name:
            tensor.copy_(noise)
        else:
            tensor.copy_(0.4 * noise)
    return model.eval()


def folder(name, features):
    path = HERE / f"vit_{name}"
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    assert np.isfinite(features).all() and features.std() > 0, name
    np.save(path / "expected.npy", features.astype(np.float32))
    print(name, features.shape, abs(features).mean())
    return path


def write_ours(path, model, vit, epsilon):
    form = {"patch": PATCH, "width": WIDTH, "layers": LAYERS, "heads": HEADS, "hidden": 4 * WIDTH, **vit}
    config = {"architecture": "vit", "vit": form, "norm_epsilon": epsilon, "input": {"size": SIDE}}
    (path / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, path / "model.safetensors")


def timm_model(**options):
    options.setdefault("num_classes", 0)
    return VisionTransformer(img_size=SIDE, patch_size=PATCH, embed_dim=WIDTH, depth=LAYERS, num_heads=HEADS,
                             dynamic_img_size=True, **options)


def write_timm():
    cases = {
        "timm": ({"num_classes": 3}, {}, 1e-6),
        "timm_clip": ({"pre_norm": True, "act_layer": "quick_gelu", "norm_layer": torch.nn.LayerNorm},
                      {"activation": "quick_gelu", "pre_norm": True}, 1e-5),
        "timm_registers": ({"init_values": 1e-5, "reg_tokens": 4, "no_embed_class": True}, {}, 1e-6),
        "timm_mean": ({"global_pool": "avg", "act_layer": "gelu_tanh", "init_values": 1e-5},
                      {"activation": "gelu_tanh"}, 1e-6),
    }
    for seed, (name, (options, vit, epsilon)) in enumerate(cases.items()):
        model = shake(timm_model(**options), seed)

        def pooled(x):
            return model.forward_head(model.forward_features(x), pre_logits=True).numpy()

        path = folder(name, pooled(pictures(SIDE, SIDE)))
        np.save(path / "expected_other.npy", pooled(pictures(40, 24)))
        write_ours(path, model, vit, epsilon)


def write_hugging_face():
    sizes = dict(hidden_size=WIDTH, num_hidden_layers=LAYERS, num_attention_heads=HEADS, image_size=SIDE,
                 patch_size=PATCH)
    x = pictures(SIDE, SIDE)
    half = transformers.ViTImageProcessor(size={"height": SIDE, "width": SIDE})
    vit = shake(transformers.ViTForImageClassification(
        transformers.ViTConfig(intermediate_size=24, num_labels=3, **sizes)), 10)
    path = folder("hf_vit", vit.vit(x).last_hidden_state[:, 0].numpy())
    vit.save_pretrained(path)
    half.save_pretrained(path)
    for name, kind in (("hf_dinov2", "Dinov2"), ("hf_dinov2_registers", "Dinov2WithRegisters")):
        config = getattr(transformers, kind + "Config")(mlp_ratio=3, **sizes)
        model = shake(getattr(transformers, kind + "Model")(config), 11)
        model.save_pretrained(folder(name, model(x).last_hidden_state[:, 0].numpy()))
    text = dict(hidden_size=WIDTH, num_hidden_layers=LAYERS + 1, num_attention_heads=HEADS, intermediate_size=24,
                vocab_size=16, max_position_embeddings=8)
    clip = shake(transformers.CLIPModel(transformers.CLIPConfig(
        text_config=text, vision_config=dict(intermediate_size=24, **sizes), projection_dim=8)), 13)
    pooled = clip.vision_model(x).pooler_output.numpy()
    path = folder("hf_clip", pooled)
    clip.save_pretrained(path)
    transformers.CLIPImageProcessor(size={"shortest_edge": SIDE}, crop_size=SIDE,
                                    image_mean=[0.5, 0.25, 0.125]).save_pretrained(path)
    tower = transformers.CLIPVisionModel(clip.config.vision_config)
    tower.load_state_dict(clip.vision_model.state_dict())
    tower.eval()
    assert np.array_equal(tower(x).pooler_output.numpy(), pooled)
    tower.save_pretrained(folder("hf_clip_vision", pooled))


def write_open_clip():
    x = pictures(SIDE, SIDE)
    text = dict(context_length=8, vocab_size=16, width=WIDTH, heads=HEADS, layers=LAYERS + 1)
    vision = dict(layers=LAYERS, width=WIDTH, head_width=WIDTH // HEADS, patch_size=PATCH, image_size=SIDE,
                  ls_init_value=1e-5)
    model = shake(open_clip.CLIP(8, vision, text, quick_gelu=True), 20)
    projection, model.visual.proj = model.visual.proj, None
    path = folder("open_clip", model.visual(x).numpy())
    model.visual.proj = projection
    write_ours(path, model, {"activation": "quick_gelu", "pre_norm": True}, 1e-5)
    timm.models.register_model(tiny_trunk)
    vision = dict(timm_model_name="tiny_trunk", timm_pool="", timm_proj="linear", image_size=SIDE)
    model = shake(open_clip.CustomTextCLIP(8, vision, text), 21)
    path = folder("open_clip_trunk", model.visual.trunk(x).numpy())
    write_ours(path, model, {}, 1e-6)


class Panderm(torch.nn.Module):
    """PanDerm's tower, a CAE v2, written anew from its authors' description and tensor names."""

    def __init__(self, twice):
        super().__init__()
        self.twice = twice
        self.cls_token = torch.nn.Parameter(torch.zeros(1, 1, WIDTH))
        self.pos_embed = torch.nn.Parameter(torch.zeros(1, (SIDE // PATCH) ** 2 + 1, WIDTH))
        self.patch_embed = torch.nn.ModuleDict({"proj": torch.nn.Conv2d(3, WIDTH, PATCH, PATCH)})
        self.blocks = torch.nn.ModuleList([PandermBlock() for _ in range(LAYERS)])
        self.norm = torch.nn.LayerNorm(WIDTH, eps=1e-6)
        self.head = torch.nn.Linear(WIDTH, 6)

    def forward(self, x):
        x = self.patch_embed["proj"](x).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls_token.expand(len(x), -1, -1), x], 1) + self.pos_embed
        for block in self.blocks:
            x = block(x)
        x = self.norm(x)
        return self.norm(x[:, 1:].mean(1)) if self.twice else x[:, 0]


class PandermBlock(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.gamma_1 = torch.nn.Parameter(torch.ones(WIDTH))
        self.gamma_2 = torch.nn.Parameter(torch.ones(WIDTH))
        self.norm1 = torch.nn.LayerNorm(WIDTH, eps=1e-6)
        self.norm2 = torch.nn.LayerNorm(WIDTH, eps=1e-6)
        self.attn = torch.nn.Module()
        self.attn.qkv = torch.nn.Linear(WIDTH, 3 * WIDTH, bias=False)
        self.attn.q_bias = torch.nn.Parameter(torch.zeros(WIDTH))
        self.attn.v_bias = torch.nn.Parameter(torch.zeros(WIDTH))
        self.attn.proj = torch.nn.Linear(WIDTH, WIDTH)
        self.mlp = torch.nn.ModuleDict({"fc1": torch.nn.Linear(WIDTH, 4 * WIDTH), "fc2": torch.nn.Linear(4 * WIDTH, WIDTH)})

    def forward(self, x):
        q, k, v = self.attn.qkv(self.norm1(x)).chunk(3, -1)
        heads = [t.reshape(*t.shape[:2], HEADS, -1).transpose(1, 2) for t in (q + self.attn.q_bias, k, v + self.attn.v_bias)]
        weights = (heads[0] @ heads[1].transpose(-1, -2) / (WIDTH // HEADS) ** 0.5).softmax(-1)
        mixed = (weights @ heads[2]).transpose(1, 2).flatten(2)
        x = x + self.gamma_1 * self.attn.proj(mixed)
        wide = torch.nn.functional.gelu(self.mlp["fc1"](self.norm2(x)))
        return x + self.gamma_2 * self.mlp["fc2"](wide)


def write_panderm():
    x = pictures(SIDE, SIDE)
    model = shake(Panderm(False), 30)
    path = folder("panderm", model(x).numpy())
    write_ours(path, model, {}, 1e-6)
    whole = {"encoder." + name: tensor for name, tensor in model.state_dict().items()}  # as its pretraining saved it
    save_file({name: tensor.contiguous() for name, tensor in whole.items()}, path / "model.safetensors")
    model = shake(Panderm(True), 31)
    features = model(x)
    path = folder("dermlip_panderm", features.numpy())
    np.save(path / "expected_projected.npy", model.head(features).numpy())
    tensors = {"visual." + name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    save_file({**tensors, "logit_scale": torch.ones([])}, path / "open_clip_model.safetensors")
    vision = {"image_size": SIDE, "layers": LAYERS, "width": WIDTH, "head_width": WIDTH // HEADS, "patch_size": PATCH,
              "pretrain_path": None}
    text = {"context_length": 256, "hf_model_name": "some/bert", "hf_pooler_type": "mean_pooler"}
    (path / "open_clip_config.json").write_text(json.dumps({"model_cfg": {"embed_dim": 6, "vision_cfg": vision, "text_cfg": text}},
                                                           indent=1) + "\n")


def tiny_trunk(pretrained=False, **options):
    options.pop("pretrained_cfg", None)
    options.pop("pretrained_cfg_overlay", None)
    options.pop("cache_dir", None)
    options = {key: value for key, value in options.items() if key in ("num_classes", "global_pool") and value != ""}
    model = timm_model(**{"num_classes": 0, **options})
    model.default_cfg = {}
    return model


def main():
    torch.set_grad_enabled(False)
    write_timm()
    write_hugging_face()
    write_open_clip()
    write_panderm()
    for path in HERE.glob("vit_*/*"):
        path.chmod(0o644)


if __name__ == "__main__":
    main()
