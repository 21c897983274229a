"""Runs one recipe of docs/python.md on a small data set that it makes.

python_recipes.py PROGRAM PAGE RECIPE SCRATCH TORCH, TORCH being 1 where the program can train.
Prints "SKIPPED: ..." where a package or LibTorch is missing. Needs the standard library alone.
"""
import ast
import importlib.util
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import zlib
from pathlib import Path

NEEDS_RUN = {"predictions", "cases", "results"}
STUDY = """
name = "small"
seeds = [1]
classes = ["NEV", "MEL"]
text_encoder = "bag"
bootstrap = 100
[[data]]
name = "clinic"
role = "internal"
[notes]
write = ["M"]
[prepare]
size = 64
remove_hair = false
[image_encoder]
model = "random:resnet18"
augmented_copies = 1
[train]
epochs = 2
[[run]]
name = "with M"
mode = "multimodal"
notes = ["M"]
"""


def recipe_of(page, name):
    blocks = re.findall(r"<!-- recipe: (\w+) -->\n```python\n(.*?)```", page, re.S)
    found = [text for one, text in blocks if one == name]
    if len(found) != 1:
        sys.exit(f"{len(found)} recipes '{name}'; there are {[one for one, _ in blocks]}")
    return found[0]


def missing_packages(code):
    names = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            names |= {one.name.split(".")[0] for one in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module.split(".")[0])
    return sorted(name for name in names if importlib.util.find_spec(name) is None)


def png(path, seed, side=64):
    draw = random.Random(seed)
    tint = [draw.randrange(60, 200) for _ in range(3)]
    lines = b""
    for _ in range(side):
        lines += b"\0" + bytes(
            min(255, tint[c] + draw.randrange(50)) for _ in range(side) for c in range(3))
    data = b"\x89PNG\r\n\x1a\n"
    for kind, body in [(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)),
                       (b"IDAT", zlib.compress(lines)), (b"IEND", b"")]:
        data += struct.pack(">I", len(body)) + kind + body + struct.pack(
            ">I", zlib.crc32(kind + body))
    path.write_bytes(data)


def make_data(folder):
    (folder / "images").mkdir(parents=True)
    rows = "id,dx,patient,age,sex\n"
    for i in range(40):
        png(folder / "images" / f"{i:03}.png", i)
        rows += f"{i:03},{'NEV' if i % 2 else 'MEL'},P{i // 2},{20 + i},{'mf'[i % 2]}\n"
    (folder / "cases.csv").write_text(rows)
    (folder / "columns.toml").write_text(
        'table = "cases.csv"\n[columns]\nid = "id"\nlabel = "dx"\ngroup = "patient"\nage = "age"\n'
        'sex = "sex"\n')


def main():
    program, page, name, scratch, torch = sys.argv[1:]
    code = recipe_of(Path(page).read_text(), name)
    if missing := missing_packages(code):
        print(f"SKIPPED: the recipe '{name}' needs {', '.join(missing)}")
        return
    if name in NEEDS_RUN and torch != "1":
        print(f"SKIPPED: the recipe '{name}' needs a run, and this build has no LibTorch")
        return
    shutil.rmtree(scratch, ignore_errors=True)
    Path(scratch).mkdir(parents=True)
    os.chdir(scratch)
    make_data(Path("data"))

    def run(*words):
        words = [program, *words, "-w", "work", "--quiet"]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"{words} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

    run("import", "data", "--name", "clinic")
    run("notes", "write", "--strategy", "M")
    run("split", "--store", "main", "-o", "split.csv")
    run("notes", "export", "-o", "notes.jsonl")
    run("notes", "export", "--format", "imagefolder", "--split-set", "main", "--pictures", "-o",
        "set")
    if name in NEEDS_RUN:
        Path("study.toml").write_text(STUDY)
        run("study", "run", "study.toml")
    Path("recipe.py").write_text(code)
    caches = {"HF_HOME": str(Path("cache").absolute()), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run([sys.executable, "recipe.py"], capture_output=True, text=True,
                          check=False, env={**os.environ, **caches})
    print(done.stdout, done.stderr)
    if done.returncode != 0 or not (done.stdout or name == "back"):
        sys.exit(f"the recipe '{name}' ended with {done.returncode}")
    if name == "back":
        said = run("notes", "import", "mine.csv")
        if "40 notes written" not in said:
            sys.exit(f"notes import of what the recipe wrote: {said}")


main()
