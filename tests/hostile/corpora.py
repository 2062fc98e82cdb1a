"""Strings that were made to break pages: public corpora where they are, and a few of our own where they are not."""

from __future__ import annotations

import json
import os
import random
import re
from pathlib import Path

#: `make sweep` plants every line, several side by side in a field; HEARD_SWEEP=8 one in eight of such packs.
SWEEP = int(os.environ.get("HEARD_SWEEP") or "0")
#: HEARD_SWEEP=24 HEARD_SWEEP_FROM=5 is one of 24 parts, each some minutes: pages of the site have all cases on them, so
#: that a server with all lines is slow in the square of them.
SWEEP_FROM = int(os.environ.get("HEARD_SWEEP_FROM") or "0")
#: The shortest field takes so many characters: what is packed together comes whole into every one.
FIELD_MAX = 200
#: So many are planted on a server otherwise; one in so many is rendered and opened by itself.
SPREAD, ONE_IN = 36, 4

#: Written for this project. Each shape that matters at least once: element, attribute, script, address, comment,
#: entity, Markdown, JSON and template; and what breaks out of each place that a page has.
OWN = (
    "<script>alert(1)</script>",
    "</title></textarea></script><script>alert(2)</script>",
    "<img src=x onerror=alert(3)>",
    '"><svg onload=alert(4)>',
    "' autofocus onfocus=alert(5) x='",
    '" autofocus onfocus=alert(6) x="',
    "javascript:alert(7)",
    "[a link](javascript:alert(8))",
    "[a link](<java\tscript:alert(9)>)",
    "[a link](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    '[a link](https://heard.example/"onmouseover="alert(10))',
    "![alt](x'onerror='alert(11))",
    "<javascript:alert(12)>",
    "<a href=&#106;avascript:alert(13)>words</a>",
    "&lt;script&gt;alert(14)&lt;/script&gt;",
    "<!--><img src=x onerror=alert(15)>-->",
    "]]><script>alert(16)</script><![CDATA[",
    "{{ 7 * 7 }}{% raw %}<script>alert(17)</script>",
    "\\u003cscript\\u003ealert(18)\\u003c/script\\u003e",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(19)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(20)>'>",
    "`<img src=x onerror=alert(21)>`",
    "> <iframe srcdoc='<script>parent.alert(22)</script>'>",
    "1. <form action=javascript:alert(23)><button>words</button></form>",
    "<base href=//elsewhere.example/><link rel=stylesheet href=x>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(24)'>",
    "\u2028<script>alert(25)</script>\u2029\u202e\ufeff",
    "<input id=posts name=elements form=publish>",
    '{"@type": "</script><script>alert(26)</script>"}',
    "data: x\n\nevent: reset\ndata: {}\n\n",
    "\x01\x07\x1b<b onclick=alert(27)>words</b>\x08",
)
#: What the collection of html5sec.org leaves to be filled in.
_BLANKS = ((r"%js_uri_\w*%", "javascript:alert(1)"), (r"%(js|utf7|vbs)_\w*%", "alert(1)"), (r"%\w+_uri\w*%", "x:y"))


def filled(payload: str) -> str:
    for blank, filling in _BLANKS:
        payload = re.sub(blank, filling, payload)
    return payload


def every_line(shared: Path) -> list[str]:
    """Our own and every line of the corpora that can be typed at all, each once, in a fixed order."""
    folder = shared / "corpora"
    lines: list[str] = list(OWN)
    if folder.is_dir():
        with (folder / "xss.jsonl").open(encoding="utf-8") as corpus:
            lines += [filled(json.loads(line)["payload"]) for line in corpus]
        lines += json.loads((folder / "naughty-strings.json").read_text("utf-8"))
    return list(dict.fromkeys(line.strip() for line in lines if line.strip()))


def rendered_alone(shared: Path) -> list[str]:
    """Our own, and every line, or one in so many of the others."""
    lines = every_line(shared)
    return lines if SWEEP else lines[: len(OWN)] + lines[len(OWN) :: ONE_IN]


def planted(shared: Path) -> list[str]:
    """Our own, and an even spread of the others; of a sweep, the others in packs."""
    others = every_line(shared)[len(OWN) :]
    if SWEEP:
        return [*(() if SWEEP_FROM else OWN), *packed(others)[SWEEP_FROM::SWEEP]]
    return [*OWN, *others[:: max(1, len(others) // (SPREAD - len(OWN)))]]


def packed(lines: list[str]) -> list[str]:
    """Every line, as many in a string as the shortest field takes; like ones apart, the order fixed."""
    packs, room = list[str](), 0
    for line in random.Random(1).sample(lines, len(lines)):
        if packs and len(line) < room:
            packs[-1] += f" {line}"
        else:
            packs.append(line)
        room = FIELD_MAX - len(packs[-1])
    return packs
