#!/usr/bin/env python3
"""Writes data/tiny_{bert,roberta,distilbert}/ (random weights) and the embeddings of sentences.txt.

make_text_expectations.py [MINILM_FOLDER]
Needs torch, transformers and safetensors (PyPI). Each text is run alone, without padding, in float64
for the tiny model. data/tiny_bert.npy: rows of pooler output, then of masked means (not normalised),
then of the first token's states; of tiny_roberta the same, its tokenizer is ../text/byte_pair/bytes.json;
of tiny_distilbert, whose vocabulary is tiny_bert's, without the pooler. data/minilm.npy: MiniLM's normalised means, if its folder is given.
"""
import pathlib
import sys

import numpy as np
import torch
import transformers
from tokenizers import Tokenizer

HERE = pathlib.Path(__file__).resolve().parent
SENTENCES = (HERE / "sentences.txt").read_text().split("\n")[:-1]


def states(model, tokenizer, text, limit):
    inputs = tokenizer(text, return_tensors="pt", truncation=True, max_length=limit)
    return model(**inputs)


def tiny():
    folder = HERE / "data" / "tiny_bert"
    folder.mkdir(exist_ok=True)
    letters = [chr(c) for c in range(ord("a"), ord("z") + 1)] + list("0123456789.,;:-?")
    words = ["the", "lesion", "is", "mel", "##ano", "##ma", "image", "of", "patient", "pigment"]
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + letters
    vocabulary += ["##" + c for c in letters[:26]] + words
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n")
    torch.manual_seed(7)
    config = transformers.BertConfig(
        vocab_size=len(vocabulary) + 3, hidden_size=24, num_hidden_layers=2, num_attention_heads=3,
        intermediate_size=40, max_position_embeddings=48, hidden_act="gelu", initializer_range=0.4)
    model = transformers.BertModel(config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "LayerNorm" in name or name.endswith("bias"):
                parameter.add_(0.2 * torch.randn_like(parameter))
    model.half().float()  # what a file of half the size can hold
    model.half().save_pretrained(folder, safe_serialization=True)
    model.double()
    tokenizer = transformers.BertTokenizerFast(str(folder / "vocab.txt"))
    rows = {"pooler": [], "mean": [], "cls": []}
    for text in SENTENCES:
        out = states(model, tokenizer, text, 48)
        rows["pooler"].append(out.pooler_output[0])
        rows["mean"].append(out.last_hidden_state[0].mean(0))
        rows["cls"].append(out.last_hidden_state[0, 0])
    everything = torch.stack(rows["pooler"] + rows["mean"] + rows["cls"]).float().numpy()
    np.save(HERE / "data" / "tiny_bert.npy", everything)


def shaken(model, seed):
    """Weights away from where a fresh model has them, as a file of half the size can hold them."""
    torch.manual_seed(seed)
    for name, parameter in model.named_parameters():
        norm = "layer_norm" in name.lower() or "LayerNorm" in name
        parameter.copy_((1 if norm and name.endswith("weight") else 0) + 0.3 * torch.randn_like(parameter))
    return model.half().float().eval()


def write_family(name, model, encode, poolings, first_position=None):
    folder = HERE / "data" / name
    model.half().save_pretrained(folder, safe_serialization=True)
    model.double()
    rows = []
    for pooling in poolings:
        for text in SENTENCES:
            ids = encode(text)
            # The tokenizer's id 1 is no padding, which RoBERTa would pass over where it counts positions.
            places = {} if first_position is None else {"position_ids": torch.arange(ids.shape[1])[None] + first_position}
            out = model(input_ids=ids, **places)
            rows.append({"pooler": lambda: out.pooler_output[0], "mean": lambda: out.last_hidden_state[0].mean(0),
                         "cls": lambda: out.last_hidden_state[0, 0]}[pooling]())
    np.save(HERE / "data" / f"{name}.npy", torch.stack(rows).float().numpy())


def roberta():
    words = Tokenizer.from_file(str(HERE.parent / "text" / "byte_pair" / "bytes.json"))
    last = words.token_to_id("</s>")
    config = transformers.RobertaConfig(
        vocab_size=words.get_vocab_size(), hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=40,
        max_position_embeddings=50, type_vocab_size=1, layer_norm_eps=1e-5, pad_token_id=1, bos_token_id=0, eos_token_id=2)
    model = shaken(transformers.RobertaModel(config), 8)

    def encode(text):
        ids = words.encode(text).ids
        return torch.tensor([ids[:47] + [last] if len(ids) > 48 else ids])

    write_family("tiny_roberta", model, encode, ("pooler", "mean", "cls"), first_position=2)


def distilbert():
    words = transformers.BertTokenizerFast(str(HERE / "data" / "tiny_bert" / "vocab.txt"))
    config = transformers.DistilBertConfig(vocab_size=len(words) + 3, dim=24, n_layers=2, n_heads=3, hidden_dim=40,
                                           max_position_embeddings=48)
    model = shaken(transformers.DistilBertModel(config), 9)
    write_family("tiny_distilbert", model,
                   lambda text: words(text, return_tensors="pt", truncation=True, max_length=48)["input_ids"], ("mean", "cls"))


def minilm(folder):
    model = transformers.BertModel.from_pretrained(folder).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    rows = []
    for text in SENTENCES:
        mean = states(model, tokenizer, text, 256).last_hidden_state[0].mean(0)
        rows.append(torch.nn.functional.normalize(mean, dim=0))
    np.save(HERE / "data" / "minilm.npy", torch.stack(rows).float().numpy())


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    tiny()
    roberta()
    distilbert()
    if len(sys.argv) > 1:
        minilm(sys.argv[1])
