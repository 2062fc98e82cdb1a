"""What can be typed and what can be asked for over HTTP is written down, and what is written down is so."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import typer.main
from starlette.routing import BaseRoute

from heard import cli
from heard.accounts.model import VERBS
from heard.web import app
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


def test_every_file_that_the_threat_model_names_is_there() -> None:
    named = re.findall(r"`((?:src|tests)/[^`]+)`", TEXT["docs/security/threat-model.md"])
    assert len(named) > 40
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_table_of_roles_is_the_one_that_is_enforced() -> None:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in TEXT["docs/rooms/accounts.md"].splitlines()
        if line.startswith(("| verb |", "| `"))
    ]
    roles = rows[0][2:]
    written = {row[0].strip("`"): {role for role, mark in zip(roles, row[2:], strict=True) if mark} for row in rows[1:]}
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


def leaves(command: Any, name: str = "heard") -> Iterator[str]:
    """The commands that do something, as they are typed: `heard export case`."""
    below = getattr(command, "commands", None)
    if not below:
        yield name
        return
    for word, inner in below.items():
        yield from leaves(inner, f"{name} {word}")


def test_every_command_is_written_down_and_no_other() -> None:
    commands = set(leaves(typer.main.get_command(cli.app)))
    written = "\n".join(text for name, text in TEXT.items() if name.startswith("docs/operating/"))
    table = {name for row in re.findall(r"^\| (`heard .*?) \|", written, re.M) for name in re.findall(r"`(.*?)`", row)}
    assert commands - table == set(), "missing from the table in docs/operating/running.md"
    assert table - commands == set(), "in the table, but cannot be typed"


def routes_of(routes: Sequence[BaseRoute], before: str = "") -> Iterator[str]:
    """Every address of an application, also of those mounted in it, with `*` for what varies."""
    for route in routes:
        path = before + getattr(route, "path", "")
        if inner := getattr(route, "routes", None):
            yield from routes_of(inner, path)
        else:
            yield re.sub(r"{[^}]*}", "*", path)


def test_every_address_is_written_down_and_no_other() -> None:
    served = set(routes_of(app.routes()))
    listed = {
        re.sub(r"<[^>]*>", "*", address)
        for row in TEXT["docs/addresses.md"].splitlines()
        if row.startswith("| `/")
        for address in re.findall(r"`(/[^`?]*)`", row.split("|")[1])
    }
    edge = {address for address in listed if address.startswith("/live/")}
    assert served - listed == set(), "missing from docs/addresses.md"
    assert listed - edge - served == set(), "in docs/addresses.md, but nothing answers there"
