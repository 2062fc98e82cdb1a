"""The tree speaks of Heard alone: not of whose machine it was written on, nor how."""

from __future__ import annotations

import re

import pytest

from tests.tidy.tree import files, name_of

# Written in pieces, so that this file does not say what it looks for.
FORBIDDEN = re.compile(
    "|".join(
        (
            r"/w" r"ork/(?:main|shared|steering)", r"/t" r"mp/brief", r"/r" r"oot/", r"\bsand" r"box(?!=| |ed|ing|\")",
            r"\.lib" r"rary/", r"pypi\." r"org", r"files\.python" r"hosted", r"registry\.npm" r"js",
            r"developer'?s.? ses" r"sion", r"language mo" r"del", r"\bcod" r"ing agent", r"\bsub" r"agent",
            r"Clau" r"de", r"Open" r"AI", r"\bLL" r"M\b",
        )
    ),
    re.IGNORECASE,
)  # fmt: skip
TEXT = {".py", ".md", ".toml", ".sh", ".html", ".css", ".js", ".json", ".txt", ".yml", ".lock", ""}
UNFINISHED = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b|NotImplemented" r"Error")


def lines() -> list[tuple[str, int, str]]:
    return [
        (name_of(path), number, line)
        for path in files()
        if path.suffix in TEXT
        for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1)
    ]


def test_nothing_in_the_tree_speaks_of_the_workplace() -> None:
    found = [f"{name}:{number}: {line.strip()[:100]}" for name, number, line in lines() if FORBIDDEN.search(line)]
    assert not found, "\n" + "\n".join(found)


def test_nothing_is_left_open_in_the_package() -> None:
    found = [
        f"{name}:{number}: {line.strip()[:100]}"
        for name, number, line in lines()
        if name.startswith("src/") and UNFINISHED.search(line)
    ]
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize("line", ["cd /w" + "ork/main", "see /t" + "mp/brief/x.md", "as the language mo" + "del said"])
def test_control_such_words_are_seen(line: str) -> None:
    assert FORBIDDEN.search(line)


def test_control_an_iframes_attribute_is_not_such_a_word() -> None:
    assert not FORBIDDEN.search("<iframe sand" + 'box="allow-scripts">')
