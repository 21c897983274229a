"""Writes byte_pair/: small tokenizers as Hugging Face saves CLIP's and RoBERTa's, and lines with the ids that
its tokenizers give them.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install tokenizers
    /tmp/venv/bin/python tests/text/make_byte_pair_expectations.py

The texts are those of make_wordpiece_expectations.py, with contractions and white space; of their ids the FNV-1a hash.
"""
import json
import pathlib
import random

from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

from make_wordpiece_expectations import WORDS, fnv1a, line

HERE = pathlib.Path(__file__).parent / "byte_pair"
CLIP_WORDS = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
TAILS = ["'s", "'S", "'t", " don't", "'re", "'ll", "''s", "!'d", "'", "  ", "\n\n", " \t ", "\u00a0", "\u2003x", "\u0085y", " ½²", "٣"]


def clip_steps(tokenizer):
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(CLIP_WORDS), behavior="removed", invert=True),
         pre_tokenizers.ByteLevel(add_prefix_space=False)])


def byte_steps(tokenizer):
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)


def ending(suffix):
    return {"end_of_word_suffix": suffix} if suffix else {}


def merges_of(steps, suffix, texts):
    tokenizer = Tokenizer(models.BPE(**ending(suffix)))
    steps(tokenizer)
    trainer = trainers.BpeTrainer(vocab_size=900, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False,
                                  **ending(suffix))
    tokenizer.train_from_iterator(texts, trainer)
    return [tuple(merge) for merge in json.loads(tokenizer.to_str())["model"]["merges"]]


def make(name, steps, suffix, first, last, more, texts):
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokens = letters + ([letter + suffix for letter in letters] if suffix else [])
    merges = merges_of(steps, suffix, texts)
    tokens += [left + right for left, right in merges] + more + [first, last]
    vocabulary = {token: number for number, token in enumerate(dict.fromkeys(tokens))}
    tokenizer = Tokenizer(models.BPE(vocabulary, merges, **ending(suffix)))
    steps(tokenizer)
    tokenizer.post_processor = processors.RobertaProcessing(
        (last, vocabulary[last]), (first, vocabulary[first]), trim_offsets=False, add_prefix_space=False)
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in [first, last] + more])
    text = json.dumps(json.loads(tokenizer.to_str()), ensure_ascii=True, separators=(",", ":"))
    (HERE / f"{name}.json").write_text(text + "\n")
    return tokenizer


def main():
    HERE.mkdir(exist_ok=True)
    rng = random.Random(21)
    texts = [line(rng) + rng.choice(TAILS) for _ in range(2000)]
    sample = texts[:300] + [" ".join(rng.choices(WORDS, k=12)) for _ in range(300)]
    clip = make("clip", clip_steps, "</w>", "<|startoftext|>", "<|endoftext|>", [], sample)
    plain = make("bytes", byte_steps, "", "<s>", "</s>", ["<pad>"], sample)
    lines = [[text, fnv1a(clip.encode(text).ids), fnv1a(plain.encode(text).ids)] for text in texts]
    body = ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in lines)
    (HERE / "lines.json").write_text(f"[\n{body}\n]\n")


if __name__ == "__main__":
    main()
