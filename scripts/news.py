"""Gathers the fragments in changes/ into CHANGELOG.md: `python scripts/news.py 0.2.0`.

A fragment is one file, `changes/<slug>.<sort>.md`, of one to three sentences written for someone who runs Heard.
Sorts, in the order they appear: added, changed, mended, security, withdrawn. Without a version the section is
only shown; with one it is put at the head of CHANGELOG.md and the fragments are removed.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SORTS = {
    "added": "Added",
    "changed": "Changed",
    "mended": "Mended",
    "security": "Security",
    "withdrawn": "Withdrawn",
}
NAME = re.compile(rf"(?P<slug>[a-z0-9]+(?:-[a-z0-9]+)*)\.(?P<sort>{'|'.join(SORTS)})\.md")
WORDS_MAX = 90
HEAD = "<!-- newest first; `make news VERSION=…` writes below this line -->\n"


def faults(name: str, text: str) -> list[str]:
    """What is wrong with a fragment, in plain English; an empty list means nothing."""
    found = []
    if not NAME.fullmatch(name):
        found.append(f"the name is not <slug>.<{'|'.join(SORTS)}>.md")
    if not text.strip():
        found.append("it is empty")
    elif not text.rstrip().endswith((".", "!", "?", "`")):
        found.append("it does not end as a sentence does")
    if len(text.split()) > WORDS_MAX:
        found.append(f"it is longer than {WORDS_MAX} words")
    if re.search(r"^\s*#", text, re.M):
        found.append("it has a heading; the sort in its name is its heading")
    return found


def fragments(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.name not in ("README.md", ".gitkeep"))


def section(title: str, paths: list[Path]) -> str:
    """The fragments as one section of the change log; raises ValueError naming the first faulty one."""
    told: dict[str, list[str]] = {sort: [] for sort in SORTS}
    for path in paths:
        text = path.read_text("utf-8")
        if wrong := faults(path.name, text):
            raise ValueError(f"changes/{path.name}: {'; '.join(wrong)}.")
        told[path.name.rsplit(".", 2)[1]].append(" ".join(text.split()))
    parts = [f"## {title}\n"]
    for sort, heading in SORTS.items():
        if told[sort]:
            parts.append(f"### {heading}\n\n" + "\n".join(f"- {text}" for text in told[sort]) + "\n")
    return "\n".join(parts)


def main(arguments: list[str]) -> int:
    paths = fragments(ROOT / "changes")
    try:
        if not arguments:
            print(section("Not released yet", paths))
            return 0
        new = section(arguments[0], paths)
    except ValueError as fault:
        print(f"news: {fault}", file=sys.stderr)
        return 1
    log = ROOT / "CHANGELOG.md"
    before, head, after = log.read_text("utf-8").partition(HEAD)
    log.write_text(f"{before}{head}\n{new}{after}", "utf-8")
    for path in paths:
        path.unlink()
    print(f"CHANGELOG.md now tells of {arguments[0]}: {len(paths)} changes.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
