"""A second verifier, written from the specification alone, accepts what Heard exports and finds what was changed."""

from __future__ import annotations

import ast
import random
import subprocess
import sys
from pathlib import Path

import pytest

from heard.engine.errors import Corrupt
from heard.export.checking import check_export
from heard.ingest import liveblogs
from heard.opening import House
from tests.export import second_verifier
from tests.export.conftest import zip_of
from tests.export.full_case import Full
from tests.export.test_import_again import take
from tests.export.test_tampering import CHANGES, forged, in_case

FUNICULAR = Path(__file__).parents[1] / "ingest" / "funicular.txt"


def test_it_shares_no_line_with_heard() -> None:
    tree = ast.parse(Path(second_verifier.__file__).read_text())
    named = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    named |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    tops = {name.split(".")[0] for name in named}
    assert tops - sys.stdlib_module_names == {"cryptography"}


def test_it_accepts_what_is_exported(exported: bytes, another: House, house: House, tmp_path: Path) -> None:
    assert second_verifier.verify(exported)["slug"] == "the-case"
    take(another, exported)
    second_verifier.verify(zip_of(another, "the-case"))
    liveblogs.import_blog(house.node, liveblogs.read(FUNICULAR.read_bytes()), "funicular", "", "operator")
    out = tmp_path / "funicular.zip"
    out.write_bytes(zip_of(house, "funicular"))
    ended = subprocess.run([sys.executable, second_verifier.__file__, out], capture_output=True, text=True)
    assert ended.returncode == 0 and "It holds" in ended.stdout, ended.stderr


def test_it_accepts_real_blogs(house: House, shared_data: Path) -> None:
    for file in (
        shared_data / "seed" / "westminster-attack-inquests.txt",
        *sorted((shared_data / "liveblogs").glob("*.json")),
    ):
        slug = file.stem[:40]
        liveblogs.import_blog(house.node, liveblogs.read(file.read_bytes()), slug, "", "operator")
        second_verifier.verify(zip_of(house, slug))


def test_it_finds_flipped_bits(exported: bytes) -> None:
    chance = random.Random(11)
    for place in chance.sample(range(len(exported)), 1000):
        changed = bytearray(exported)
        changed[place] ^= 1 << chance.randrange(8)
        with pytest.raises(ValueError):
            second_verifier.verify(bytes(changed))


@pytest.mark.parametrize("what", CHANGES)
def test_both_find_what_entries_do_not_say(told: Full, exported: bytes, what: str) -> None:
    lie = forged(told.house, exported, in_case(lambda case: CHANGES[what](case, told)))
    with pytest.raises(Corrupt):
        check_export(lie)
    if what == "the plain text of a post":  # to know it, one must read Markdown; the page then says something else
        with pytest.raises(ValueError, match="page"):
            second_verifier.verify(lie)
        return
    with pytest.raises((ValueError, KeyError)):
        second_verifier.verify(lie)
    second_verifier.verify(forged(told.house, exported, in_case(lambda case: None)))
