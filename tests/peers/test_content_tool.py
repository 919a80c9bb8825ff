"""`murelay content extract | build` on the command line: every vector into text and back, JSON as Python reads it, pictures
that Python painted, and what is said about files that are damaged."""
import json
import os
import struct
import subprocess
import sys
import tempfile
import zlib

import relay
from relay import case

PROGRAM = os.path.join(relay.BUILD, "murelay")


def vectors(name):
    with open(os.path.join(relay.SOURCE, "tests", "vectors", name), encoding="utf-8") as f:
        return json.load(f)


def content(folder, *words):
    done = subprocess.run([PROGRAM, "content", *words], cwd=folder, capture_output=True, timeout=relay.PATIENCE)
    return done.returncode, done.stderr.decode()


def put(folder, name, data):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data)


def get(folder, name):
    with open(os.path.join(folder, name), "rb") as f:
        return f.read()


def as_vector(document):
    types = ["New", "RemoveProperty", "Add", "AddUnique", "Remove"]
    return [[f["path"], [[s["name"], [[p["name"], [[types.index(v["ty"]), v["text"]] for v in p["values"]]]
                                      for p in s["properties"]]] for s in f["sections"]]] for f in document["files"]]


def configurations(folder):
    for v in vectors("coalesced.json")["encode"]:
        name, data = v["name"], bytes.fromhex(v["hex"])
        if not v["decoded"]["files"]:
            continue                              # nothing to write a text of
        put(folder, name + ".bin", data)
        codes = [content(folder, "extract", name + ".bin", name)[0], content(folder, "build", name, name + ".again")[0],
                 content(folder, "build", name + ".bin", name + ".json")[0],
                 content(folder, "build", name + ".json", name + ".third")[0]]
        case(f"{name}: to text and back", codes == [0] * 4 and get(folder, name + ".again") == data, codes)
        case(f"{name}: to JSON and back", get(folder, name + ".third") == data)
        case(f"{name}: JSON says the same", as_vector(json.loads(get(folder, name + ".json"))) == v["decoded"]["files"])
    packed = zlib.compress(data, 9)
    put(folder, "packed", b"NIBC" + struct.pack("<III", 1, len(packed), len(data)) + packed)
    code, _ = content(folder, "extract", "packed", "unpacked")
    case("a packed one", code == 0 and os.listdir(os.path.join(folder, "unpacked")) != [])


def talk_tables(folder):
    for v in vectors("tlk.json")["encode"]:
        if len(v["male"]) < 6:
            continue                              # those with the three ids that every built one gets
        put(folder, "en.tlk", bytes.fromhex(v["hex"]))
        codes = content(folder, "extract", "en.tlk", "talk")[0], content(folder, "build", "talk/en.txt", "again.tlk")[0]
        case(f"talk table {v['name']}: to text and back", codes == (0, 0) and
             get(folder, "again.tlk") == get(folder, "en.tlk"), codes)


def png(width, height, pixel):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + bytes(pixel) * width for _ in range(height))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def pictures(folder):
    put(folder, "red.png", png(64, 32, (255, 0, 0, 255)))
    code, _ = content(folder, "build", "red.png", "red.dds")
    data = get(folder, "red.dds")
    block = bytes([255, 255, 0, 0, 0, 0, 0, 0]) + struct.pack("<HHI", 0xF800, 0xF800, 0)
    case("a red picture is red", code == 0 and data[128:] == block * (16 * 8), data[128:144].hex())
    case("its header", data[:4] == b"DDS " and struct.unpack("<II", data[12:20]) == (32, 64) and data[84:88] == b"DXT5")
    put(folder, "odd.png", png(10, 10, (0, 0, 0, 0)))
    code, said = content(folder, "build", "odd.png", "odd.dds")
    case("one of a wrong size", code == 1 and "multiples of 4" in said and not os.path.exists(folder + "/odd.dds"), said)


def mistakes(folder):
    put(folder, "bad/biogame.ini", b"[s]\nfine=1\nwrong\n")
    put(folder, "bad.json", b'{ "files": [ { "path": "a", "sections": [\n { "name": "s", "properties": 5 } ] } ] }')
    put(folder, "bad.txt", b"900000 = a\nb\n")
    put(folder, "bad.bin", b"mrmf" + b"\1\0\0\0" * 20)
    for words, said in ((("build", "bad", "x"), "biogame.ini:3: expected name=value"),
                        (("build", "bad.json", "x"), "line 2: expected '['"),
                        (("build", "bad.txt", "x"), "bad.txt:2: expected the number"),
                        (("extract", "bad.bin", "y"), "bad.bin: "), (("extract", "none", "y"), "none cannot be read"),
                        (("build", ".", "x"), "there is no .ini")):
        code, text = content(folder, *words)
        case(f"{' '.join(words)}: {said}", code == 1 and said in text and not os.path.exists(os.path.join(folder, "x")), text)


with tempfile.TemporaryDirectory() as room:
    for part in (configurations, talk_tables, pictures, mistakes):
        os.mkdir(os.path.join(room, part.__name__))
        part(os.path.join(room, part.__name__))
sys.exit(1 if relay.failures else 0)
