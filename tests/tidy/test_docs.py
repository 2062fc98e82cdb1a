"""What can be typed and what can be asked for over HTTP is written down, and what is written down is so."""

from __future__ import annotations

import re

import pytest

from heard.accounts.model import VERBS
from tests.tidy.tree import ROOT, files, name_of

DOCS = [path for path in files() if path.suffix == ".md"]
TEXT = {name_of(path): path.read_text("utf-8") for path in DOCS}


def test_every_link_between_documents_leads_somewhere() -> None:
    broken = [
        f"{name_of(path)} → {target}"
        for path in DOCS
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text("utf-8"))
        if "://" not in target and not target.startswith("mailto:") and not (path.parent / target).exists()
    ]
    assert not broken


def test_the_table_of_roles_is_the_one_that_is_enforced() -> None:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in TEXT["docs/rooms/accounts.md"].splitlines()
        if line.startswith(("| verb |", "| `"))
    ]
    roles = rows[0][2:]
    written = {
        row[0].strip("`"): {role for role, mark in zip(roles, row[2:], strict=True) if mark} for row in rows[1:]
    }
    assert written == {verb: set(may) for verb, may in VERBS.items()}


def test_each_step_of_a_posts_path_names_a_file_that_is_there_and_short() -> None:
    steps = TEXT["ARCHITECTURE.md"].split("<!-- path of one post -->")[1].split("\n\n")[0]
    named = re.findall(r"`(src/[^`]+)`", steps)
    lines = {name: len((ROOT / name).read_text("utf-8").splitlines()) for name in named if (ROOT / name).is_file()}
    assert len(named) > 15
    assert [name for name in named if name not in lines] == []
    assert max(lines.values()) < 400


def test_the_readme_names_the_two_commands_and_what_they_do() -> None:
    assert "    make run\n" in TEXT["README.md"] and "    make test\n" in TEXT["README.md"]


@pytest.mark.parametrize("word", ["journal", "entry", "restriction", "retraction", "frame", "door", "epoch", "witness"])
def test_the_glossary_has_the_words_of_the_heart(word: str) -> None:
    assert f"**{word}**" in TEXT["docs/glossary.md"]
