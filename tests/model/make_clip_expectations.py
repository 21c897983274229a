#!/usr/bin/env python3
"""Writes data/clip_*: tiny CLIPs as their publishers save them, with the vectors of texts that these compute.

Needs torch, timm, transformers, open_clip_torch and safetensors from PyPI. A folder holds its configuration, model.safetensors
(open_clip_model.safetensors) and expected.npy: a row for each line of sentences.txt, projected where the model has a
projection. The tokenizer of all is ../../text/byte_pair/clip.json, of BERT's ../data/tiny_bert/vocab.txt; the tests put it there.
"""
import json
import pathlib
import shutil

import numpy as np
import torch
import transformers
from open_clip.model import CLIP, CLIPTextCfg, CLIPVisionCfg, CustomTextCLIP
from safetensors.torch import save_file
from tokenizers import Tokenizer

HERE = pathlib.Path(__file__).resolve().parent
DATA = HERE / "data"
SENTENCES = (HERE / "sentences.txt").read_text().split("\n")[:-1]
TOKENIZER = Tokenizer.from_file(str(HERE.parent / "text" / "byte_pair" / "clip.json"))
VOCABULARY = TOKENIZER.get_vocab_size()
LAST = TOKENIZER.token_to_id("<|endoftext|>")
WIDTH, LAYERS, HEADS, POSITIONS, SHARED = 16, 2, 2, 40, 12


def token_ids(text):
    ids = TOKENIZER.encode(text).ids
    return torch.tensor([ids[: POSITIONS - 1] + [LAST] if len(ids) > POSITIONS else ids])


def shake(model, seed):
    """Weights away from where a fresh model has them: every part must count."""
    torch.manual_seed(seed)
    for name, tensor in model.state_dict().items():
        if not tensor.is_floating_point() or name.endswith("logit_scale"):
            continue
        noise = torch.randn_like(tensor)
        tensor.copy_(1 + 0.3 * noise if tensor.dim() == 1 and name.endswith("weight") else 0.4 * noise)
    return model.eval()


def folder(name, rows):
    path = DATA / f"clip_{name}"
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    rows = torch.cat(rows).numpy()
    assert np.isfinite(rows).all() and rows.std() > 0, name
    np.save(path / "expected.npy", rows.astype(np.float32))
    print(name, rows.shape, abs(rows).mean())
    return path


def hugging_face():
    text = {"vocab_size": VOCABULARY, "hidden_size": WIDTH, "intermediate_size": 24, "num_hidden_layers": LAYERS,
            "num_attention_heads": HEADS, "max_position_embeddings": POSITIONS, "bos_token_id": LAST - 1, "eos_token_id": LAST,
            "pad_token_id": LAST}
    vision = {"hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "image_size": 32,
              "patch_size": 16}
    whole = shake(transformers.CLIPModel(transformers.CLIPConfig(text_config=text, vision_config=vision, projection_dim=SHARED)), 1)
    with torch.no_grad():
        rows = []
        for line in SENTENCES:
            pooled = whole.text_model(input_ids=token_ids(line)).pooler_output
            rows.append(whole.text_projection(pooled))
        path = folder("hf", rows)
        whole.save_pretrained(path)
        alone = shake(transformers.CLIPTextModel(transformers.CLIPTextConfig(**text, hidden_act="gelu")), 2)
        path = folder("hf_text", [alone(input_ids=token_ids(line)).pooler_output for line in SENTENCES])
        alone.save_pretrained(path)


def write_open_clip(path, model, config):
    save_file({name: tensor.contiguous() for name, tensor in model.state_dict().items()}, path / "open_clip_model.safetensors")
    (path / "open_clip_config.json").write_text(json.dumps({"model_cfg": config, "preprocess_cfg": {"mean": [0.5] * 3, "std": [0.25] * 3}},
                                                           indent=1) + "\n")


def open_clips():
    vision = {"image_size": 32, "layers": 1, "width": 8, "head_width": 4, "patch_size": 16}
    text = {"context_length": POSITIONS, "vocab_size": VOCABULARY, "width": WIDTH, "heads": HEADS, "layers": LAYERS}
    with torch.no_grad():
        for name, kind, quick in (("open_clip", CLIP, True), ("open_clip_custom", CustomTextCLIP, False)):
            model = shake(kind(SHARED, CLIPVisionCfg(**vision), CLIPTextCfg(**text), quick_gelu=quick), 3)
            rows = []
            for line in SENTENCES:
                ids = torch.zeros(1, POSITIONS, dtype=torch.long)
                own = token_ids(line)
                ids[:, : own.shape[1]] = own
                rows.append(model.encode_text(ids))
            write_open_clip(folder(name, rows), model,
                            {"embed_dim": SHARED, "quick_gelu": quick, "vision_cfg": vision, "text_cfg": text})


class BertAsText(torch.nn.Module):
    """open_clip's HFTextEncoder, which fetches its configuration from the network, with that of a folder."""

    def __init__(self, config, projection, pooler):
        super().__init__()
        self.transformer = transformers.BertModel(config, add_pooling_layer=pooler == "cls_pooler")
        self.pooler = pooler
        between = (config.hidden_size + SHARED) // 2
        self.proj = (torch.nn.Linear(config.hidden_size, SHARED, bias=False) if projection == "linear" else
                     torch.nn.Sequential(torch.nn.Linear(config.hidden_size, between, bias=False), torch.nn.GELU(),
                                         torch.nn.Linear(between, SHARED, bias=False)))

    def forward(self, ids):
        out = self.transformer(input_ids=ids, attention_mask=torch.ones_like(ids))
        pooled = {"cls_pooler": lambda: out.pooler_output, "mean_pooler": lambda: out.last_hidden_state.mean(1),
                  "cls_last_hidden_state_pooler": lambda: out.last_hidden_state[:, 0]}[self.pooler]()
        return self.proj(pooled)


def berts():
    words = transformers.BertTokenizerFast(str(DATA / "tiny_bert" / "vocab.txt"))
    config = transformers.BertConfig(vocab_size=len(words), hidden_size=128, num_hidden_layers=1, num_attention_heads=2,
                                     intermediate_size=32, max_position_embeddings=POSITIONS)
    with torch.no_grad():
        for projection, pooler in (("mlp", "cls_last_hidden_state_pooler"), ("linear", "cls_pooler")):
            text = shake(BertAsText(config, projection, pooler), 4).half().float()  # what a file of half the size can hold
            rows = [text(words(line, return_tensors="pt", truncation=True, max_length=POSITIONS)["input_ids"]) for line in SENTENCES]
            path = folder(f"bert_{pooler}", rows)
            state = {f"text.{name}": tensor.half() for name, tensor in text.state_dict().items()}
            state["visual.head.proj.weight"] = torch.ones(SHARED, 4)
            state["logit_scale"] = torch.ones([])
            save_file({name: tensor.contiguous() for name, tensor in state.items()}, path / "open_clip_model.safetensors")
            (path / "open_clip_config.json").write_text(json.dumps({"model_cfg": {
                "embed_dim": SHARED,
                "vision_cfg": {"timm_model_name": "vit_tiny_patch16_224", "timm_pool": "", "timm_proj": "linear", "image_size": 224},
                "text_cfg": {"hf_model_name": "some/bert", "hf_proj_type": projection, "hf_pooler_type": pooler,
                             "context_length": POSITIONS}}}, indent=1) + "\n")


if __name__ == "__main__":
    hugging_face()
    open_clips()
    berts()
