"""Writes wordpiece_expectations.json: texts and the ids that Hugging Face's tokenizers gives them.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install tokenizers
    /tmp/venv/bin/python tests/text/make_wordpiece_expectations.py [REAL_VOCABULARY]

The texts are drawn at random from pieces that are hard for a tokenizer. With a second vocabulary
(one token a line) each text also gets the FNV-1a hash of its ids under that one.
"""
import json
import pathlib
import random
import sys

from tokenizers import BertWordPieceTokenizer

HERE = pathlib.Path(__file__).parent
WORDS = """asymmetric lesion melanoma nevus dermoscopy border irregular network globules streaks pigment
keratosis basal cell carcinoma actinic squamous benign malignant brown blue gray white red black
structureless regression vascular papule plaque nodule macule ulcer crust patient""".split()
ACCENTED = ["naïve", "Ünïcödé", "façade", "Ångström", "İstanbul", "ǅungla", "ﬁbrous", "e\u0301crin",
            "o\u0308dem", "ñandú", "Žlutý", "ΣΊΣΥΦΟΣ", "ЁЛКА", "straße", "ẞ", "Ａｂｃ", "ｶﾅ", "한국어", "ไทย",
            "עִברית", "العَرَبِيَّة", "हिन्दी"]
CJK = ["皮肤", "黑色素瘤", "メラノーマ", "𠀀", "豈", "㐀a", "中b文"]
SIGNS = list("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~") + ["—", "…", "«", "»", "¿", "·", "±", "×", "€", "°", "²", "½", "、", "。",
                                                       "‐", "⁄", "№", "™"]
ODD = ["\u200b", "\u200e", "\u202e", "\ufeff", "\u00ad", "\u0000", "\u0007", "\u007f", "\u0085", "\ufffd",
       "\ue000", "\u0378", "\u2028", "\u00a0", "\u3000", "\u1680", "😀", "👩🏽\u200d⚕️", "🇨🇭", "\u0301", "a\u0301\u0302\u0303"]
LONG = ["a" * 99, "a" * 100, "a" * 101, "melanoma" * 13, "é" * 100, "é" * 101, "x1" * 60]
GAPS = [" ", " ", " ", "  ", "\t", "\n", "\r\n", "", "", "-", ", "]


def line(rng):
    parts = []
    for _ in range(rng.randint(1, 12)):
        kind = rng.random()
        if kind < 0.5:
            word = rng.choice(WORDS)
            part = rng.choice([word, word.upper(), word.title(), word + "s", word + rng.choice(WORDS)])
        elif kind < 0.62:
            part = rng.choice(ACCENTED)
        elif kind < 0.7:
            part = rng.choice(CJK)
        elif kind < 0.82:
            part = rng.choice(SIGNS)
        elif kind < 0.92:
            part = rng.choice(ODD)
        elif kind < 0.93:
            part = rng.choice(LONG)
        else:
            part = str(rng.randint(0, 99999)) + rng.choice(["mm", "%", "", "x"])
        parts += [part, rng.choice(GAPS)]
    return "".join(parts)


def vocabulary():
    """A small one: letters of many scripts, the words, and the halves of some of them."""
    letters = sorted(set("".join(ACCENTED + CJK + SIGNS).lower()) | {chr(c) for c in range(33, 127)})
    letters = [letter for letter in letters if not letter.isspace() and not letter.isupper()]
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + letters
    tokens += ["##" + letter for letter in letters if letter.isalnum() and letter not in "qz7"]
    for number, word in enumerate(WORDS):
        if number % 4 != 3:
            tokens.append(word)
        if number % 2:
            tokens += [word[: len(word) // 2], "##" + word[len(word) // 2 :]]
    return list(dict.fromkeys(tokens))


def fnv1a(ids):
    value = 0xCBF29CE484222325
    for byte in ",".join(map(str, ids)).encode():
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return f"{value:016x}"


def main():
    rng = random.Random(20)
    vocab = vocabulary()
    (HERE / "vocabulary.tmp").write_text("\n".join(vocab) + "\n", encoding="utf-8")
    small = BertWordPieceTokenizer(str(HERE / "vocabulary.tmp"), lowercase=True)
    (HERE / "vocabulary.tmp").unlink()
    real = BertWordPieceTokenizer(sys.argv[1], lowercase=True) if len(sys.argv) > 1 else None
    lines = []
    for number in range(1200):
        text = line(rng)
        ids = small.encode(text).ids
        entry = [text, ids if number < 300 else fnv1a(ids)]  # a hash is enough to tell that they differ
        if real:
            entry.append(fnv1a(real.encode(text).ids))
        lines.append(entry)
    body = ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in lines)
    head = json.dumps(vocab, separators=(",", ":"))
    (HERE / "wordpiece_expectations.json").write_text(f'{{"vocabulary":{head},\n"lines":[\n{body}\n]}}\n')


if __name__ == "__main__":
    main()
