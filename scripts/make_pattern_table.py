#!/usr/bin/env python3
"""Writes Tests/ModelFilesTests/PEFT/PythonPatternTable*.swift: what Python's re makes of patterns over module names.

    python3 scripts/make_pattern_table.py [FOLDER]

Python 3.11 to 3.13. The calls are those of PEFT 0.21 (tuners_utils.py, utils/other.py). Written by hand are the forms
that people use and those that differ between dialects; the others are put together at random from a fixed seed.
"""
import pathlib
import random
import re
import sys
import warnings

warnings.simplefilter("ignore")

NAMES = [
    "model.layers.0.self_attn.q_proj", "model.layers.1.self_attn.k_proj", "model.layers.11.mlp.down_proj",
    "model.layers.2.mlp.up_proj", "lm_head", "model.embed_tokens", "q_proj", "model.layers.0.self_attn.Q_PROJ",
    "model.layers.3.experts.1.q_proj", "layers.4.q_proj", "aaaaaaaaaaaa!", "a-b.q_proj",
]

# What Unsloth writes into target_modules.
UNSLOTH = (
    r"(?:.*?(?:language|text).*?(?:attn|mlp).*?\.(?:q_proj|up_proj))"
    r"|(?:\bmodel\.layers\.[\d]{1,}(?!.*\.experts\.\d)\..*?(?:attn|mlp).*?\.(?:(?:q_proj|up_proj)))")

WHOLE = r"""
.*q_proj  .*\.[qkv]_proj  .*\b(q_proj|k_proj)  model\.layers\.\d+\.(self_attn|mlp)\.\w+  q_proj|lm_head  UNSLOTH
(?i).*q_proj  (?i:MODEL)\..*\.q_proj  (?-i:model).*  (?i)(?m)(?s).*Q_proj  (?im-s:.*q_PROJ)  (?u).*proj  (?a).*proj
(?L).*  (?au).*  (?i)[A-M]odel.*  (?i)[^m]odel.*  (?i).*[\W]Q.*  .*(?i:ATTN)\.q_proj  (?i)[^\WQ]+  (?i:(?-i:q)_PROJ)
\Amodel.*\Z  ^model.*$  model.*\z  .*\.\w+\Z  (?m)^.*$  .*$$  ^^.*  a\b-b.*  .*\Bproj  .*_\Bproj  .*\b_proj  ^*a  $*
\b+a  model\.layers\.(?P<n>\d+)\..*  (?P<n>a)(?P<n>b)  (?P<1n>a)  (?P<n-m>a)  (?P<>a)  (?P<n a)  (?P<n>lm)_head
model\.layers\.[0-1]\..*  model\.layers\.(?:0|1)\..*  model\.layers\.([02468])\..*  model\.layers\.1{2}\..*
model\.layers\.1{,1}\..*  model\.layers\.\d{1,2}\..*  model\.layers\.\d{2,1}\..*  a{,}!  a{}  a{1  a{,  a{ 1}
(?:a{2}){6}!  a{12,}!  a{13,}!  a{12}?!  a{1}{2}  a{}!|a{1}*  .*+  a++!  a+a!  a++a!  a*+!  a?+a{11}!  a{2,30}+!
(?>a+)!  (?>a+)a!  (?>a|aa)+!  .*+proj  (?>.*proj)  (?:(?>a{3})a)+!  (?>(?:a|aa)(?:a|$))+.!  (?<=model)x
model(?<=el)\..*  .*(?<!self_attn\.)q_proj  .*(?<=attn\.)q_proj  .*(?<=a|bc)  .*(?<=a+)  .*(?<=[qk]_proj)
.*(?<!k_proj)  (?<=^)model.*  .*(?<=(?=q)q_proj)  (?<!a)a.*  (?<a)  (?<=a  .*(?<=x{2})  .*(?<=d{1}|k)  (?<!.)model.*
.*(?=q_proj)q.*  (?!model).*  (?=.*mlp).*proj  (?=.*attn)(?!.*k_proj).*  (?!.*(?:mlp|head)).*  (?=m)*model.*
(?:(?=m)m)+odel.*  (?!)  (?=)lm_head  []a]+!  [^]]+  [a-]+!  [-a]+!  [a\-]+!  [--a]+!  [a-\d]  [\d-z]  [z-a]  [\w.]+
[^\W\d]+  [\S]+  [[a]+!  [a&&b]+!  [a||b]+!  [a~~b]+!  [\]a]+!  [a|[]  [^a]+!  [a  [^]  []  [a-z&&[aeiou]]+!
[[:alpha:]]+!  [^^a]  [a^]+!  [\d\D]+  [+--]  [.-_]+  \x61+!  \x6  \u0061+!  \U00000061+!  \141+!  \060  [\141]+!
[\0]  \0  \08  [\8]  \400  \a  \f\n\r\t\v  \q  [\q]  \p{L}+  \h  \R  \X  \K  \G  \Q.*\E  \e  \cA  [\b]  \-  \_  \!
.*\!  \  [\A]  [\B]  \y  \<q  \`  (?#comment)a+!  a(?#x)+!  (?#  (?  (  )  a)  (a  *  +a  ?a  {2}a  a**  a+*  a*??
a???  (*a)  (?:)  (?:)*  ()*a+!  (a*)*!  (a+)+!  (a|aa)+!  (a|a?)+!  (a*?)*?!  (a+)+$  (?:a?){12}a{12}!  |  a||b
(|a+)!  (?:|a)+!  (a|b)*?!  lm(_|)head  (((lm)))_head  (?P!n)  (?'n'a)  (?&n)  (?R)  (?|a|b)  (?i  (?i-i:a)  (?-:a)
(?z:a)  a(?i)  (?-i)a  (?i-s)a  (?:a  (?=a  (?<!a  (?P  (?P<  (?i:a  (?^a)  .  ..  .*?  .+?  .??.*
model.layers.0.self_attn.q_proj  model.*layers.*proj.*  (.+\.)*q_proj  ([^.]+\.)+[^.]+  (?:[^.]+\.){4}[^.]+
(?:\w+\.){2,4}?\w+  (\w|\.)*  .{7}  .{6,8}  (?s:.)*_head  \S+  [!-~]+  \D+  \w+
"""

ENDING = r"""
q_proj  \bq_proj  ^q_proj  ^.*q_proj  q_proj$  .*q_proj  [qk]_proj  self_attn.q_proj  self_attn\.q_proj
layers.1.mlp.down_proj  layers\.1\b.*  layers\.1\..*  (?i)q_proj  (?i:Q_Proj)  (q)_proj  \.q_proj
\d+\.self_attn\.q_proj  .*  .*\.mlp\..*  mlp\.(up|down)_proj  q_proj|k_proj  model\.layers\.([0-9]|1[01])\..*
^model.layers.0.*  q_proj\Z  \Aq_proj  (?<=\.)q_proj  (?<!attn\.)q_proj  (?<!\.)q_proj  a)|(q_proj  a)(b  q_proj\b
\Bproj  q_proj\  (  )  [q  lm_head  .*_head  embed_tokens  (?!k)._proj  (?:a*)*!  .{6}  .  (?=q).*  \bmodel.*  \b
(?:)
"""

LAYER = r"""
layers  h  model\.layers  \blayers  (?:layers|h)  h|layers  layers|h  experts  .*  [a-z]+  l.*s  layers.\d.experts
(?P<idx>a)  layers?  .*layers  attn  (?:)  (layers)  \w+  ^layers  ^  model.*  (?i:LAYERS)  l(?=ayers)ayers  .*?  a|
x)  (?P<n>layers)  layers\b  \d
"""


def split(text):
    """Patterns stand on lines, with two spaces between them."""
    found = [pattern for line in text.strip("\n").splitlines() for pattern in line.split("  ")]
    return [UNSLOTH if pattern == "UNSLOTH" else pattern for pattern in found]


def random_pattern(r, depth=0):
    atoms = ["a", "q", "_proj", r"\.", ".", r"\d", r"\w", r"[^.]", "[a-m]", r"\b", "^", "$", "model", "layers",
             "q_proj", "(?=q)", "(?<=\\.)", "(?!k)", r"\B", "0", "1"]
    parts = []
    for _ in range(r.randint(1, 4)):
        atom = r.choice(atoms) if depth > 2 or r.random() < 0.6 else (
            r.choice(["(", "(?:", "(?:", "(?>", "(?=", "(?!"]) + random_pattern(r, depth + 1) + ")")
        if r.random() < 0.5 and atom not in (r"\b", "^", "$", r"\B"):
            # Groups are not repeated without end: Python would take too long over some of them.
            ends = ["?", "??", "{1,2}", "{2}", "{,3}", "?+"]
            ends += ["*", "+", "*?", "+?", "++", "*+"] if ")" not in atom else []
            atom += r.choice(ends)
        parts.append(atom)
    text = "".join(parts)
    if r.random() < 0.3:
        text += "|" + random_pattern(r, depth + 1)
    return text if depth or r.random() < 0.4 else ".*" + text + ".*"


def outcome(call):
    """A letter for each name; nil where Python refuses the pattern."""
    try:
        return "".join(call(name) for name in NAMES)
    except (re.error, OverflowError, ValueError):
        return None


def whole(p):
    return outcome(lambda name: "y" if re.fullmatch(p, name) else "n")


def ending(p):
    return outcome(lambda name: "y" if re.match(rf"(.*\.)?({p})$", name) else "n")


def layer(p):
    def index(name):
        match = re.match(rf"(?:^|.*?\.){p}\.(?P<idx>\d+)\.", name)
        found = match and match.groupdict().get("idx")
        return "-" if match is None else "n" if found is None else found[-1]
    return outcome(index)


def swift(text):
    return '#"' + text + '"#' if '"#' not in text and "\\#" not in text else repr(text)


def rows(key, table):
    """The lines of a table."""
    return [f"  static let {key}: [(pattern: String, outcome: String?)] = [",
            *[f"    ({swift(p)}, {'nil' if o is None else chr(34) + o + chr(34)})," for p, o in table], "  ]"]


def main():
    r = random.Random(16)
    table = {"whole": [(p, whole(p)) for p in dict.fromkeys(split(WHOLE))],
             "ending": [(p, ending(p)) for p in dict.fromkeys(split(ENDING))],
             "layer": [(p, layer(p)) for p in dict.fromkeys(split(LAYER))]}
    chance = {}
    while len(chance) < 120:
        p = random_pattern(r)
        found = whole(p)
        # Mostly those that tell names from each other.
        if len(p) < 70 and (found is None or len(set(found)) > 1 or r.random() < 0.1): chance[p] = found
    table["chance"] = list(chance.items())
    names = ["  static let names = [", *[f'    "{name}",' for name in NAMES], "  ]"]
    written = [line for key in ("whole", "ending", "layer") for line in ["", *rows(key, table[key])]]
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else (
        pathlib.Path(__file__).resolve().parent.parent / "Tests/ModelFilesTests/PEFT")
    made = "Made by scripts/make_pattern_table.py."
    (folder / "PythonPatternTable.swift").write_text("\n".join([
        f"/// What Python's `re` makes of patterns over names of modules. {made}",
        "enum PythonPatternTable {", *names, *written, "}", ""]))
    (folder / "PythonPatternTable+Chance.swift").write_text("\n".join([
        f"/// Patterns that were put together at random. {made}",
        "extension PythonPatternTable {", *rows("chance", table["chance"]), "}", ""]))


main()
