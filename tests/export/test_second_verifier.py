"""A second verifier, written from the specification alone, accepts what Heard exports and finds what was changed.

It began as a file that somebody wrote who had nothing but docs/formats/export.md, and was carried on when that text was
made clearer where they had found it unclear.
"""

from __future__ import annotations

import ast
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest

from heard.cases import commands as case_commands
from heard.engine import chain
from heard.engine.errors import Corrupt
from heard.export import archive, manifest
from heard.export.checking import check_export
from heard.ingest import liveblogs
from heard.opening import House
from tests.desk import Desk
from tests.export import second_verifier
from tests.export.conftest import zip_of
from tests.export.full_case import Full
from tests.export.second_verifier import WRONG, Bad
from tests.export.test_import_again import take
from tests.export.test_tampering import CHANGES, forged, in_case, post_of, reworded

FUNICULAR = Path(__file__).parents[1] / "ingest" / "funicular.txt"
HERE = Path(second_verifier.__file__ or "").parent
SOAK = bool(os.environ.get("HEARD_SOAK"))
FLIPS = 20_000 if SOAK else 200


def part(name: str) -> Any:
    return sys.modules[f"{second_verifier.__name__}.{name}"]


def test_it_shares_no_line_with_heard() -> None:
    named: set[str] = set()
    for file in HERE.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                named |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                named.add(str(node.module))
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 1  # its own parts, and nothing beside them
    tops = {name.split(".")[0] for name in named}
    assert tops - sys.stdlib_module_names == {"cryptography"}
    assert "importlib" not in tops


def test_it_accepts_what_is_exported(exported: bytes, another: House, house: House, tmp_path: Path) -> None:
    assert second_verifier.verify(exported)["slug"] == "the-case"
    take(another, exported)
    second_verifier.verify(zip_of(another, "the-case"))
    liveblogs.import_blog(house.node, liveblogs.read(FUNICULAR.read_bytes()), "funicular", "", "operator")
    out = tmp_path / "funicular.zip"
    out.write_bytes(zip_of(house, "funicular"))
    alone = [sys.executable, "-m", "second_verifier", str(out)]
    ended = subprocess.run(alone, cwd=HERE.parent, capture_output=True, text=True, timeout=100)
    assert ended.returncode == 0 and "It holds" in ended.stdout, ended.stderr
    out.write_bytes(out.read_bytes()[:-1])
    ended = subprocess.run(alone, cwd=HERE.parent, capture_output=True, text=True, timeout=100)
    assert ended.returncode == 1 and "It does not hold" in ended.stderr


def test_it_accepts_real_blogs(house: House, shared_data: Path) -> None:
    for file in (
        shared_data / "seed" / "westminster-attack-inquests.txt",
        *sorted((shared_data / "liveblogs").glob("*.json")),
    ):
        slug = file.stem[:40]
        liveblogs.import_blog(house.node, liveblogs.read(file.read_bytes()), slug, "", "operator")
        second_verifier.verify(zip_of(house, slug))


def test_it_accepts_words_that_look_like_marks(desk: Desk) -> None:
    hearing = desk.do(case_commands.list_hearing(desk.case, "Inquest", "Court 2")).stream
    sitting = desk.do(case_commands.begin_sitting(desk.case, hearing, "1. Day *one* \\ [x](y) - &amp; a_b")).stream
    desk.do(case_commands.rise(desk.case, sitting))
    desk.do(case_commands.rise(desk.case, sitting))  # said anew: the earlier time is told nowhere
    for words in (
        "1. one\n2. two\n\n> 3. three\n\n    4. four\n\n&eacute; `&amp;` [a (b)](https://example.org/a_(b) 'x)y') z",
        "un*frigging*believable [c](javascript:d) [e](/f) ![g](https://h.example/i) <b>j</b> ~~k~~ 5) l\n---\nm",
        "[n]: https://o.example\n\n[n] <https://p.example> 1.2.3.4. [q](r",
    ):
        desk.publish(words)
    exported = zip_of(desk.house, "the-case")
    check_export(exported)
    shown = second_verifier.verify(exported)
    [began] = [post for post in shown["posts"] if post["state"] == "sitting"]
    assert began["text"] == "1. Day *one* \\ [x](y) - &amp; a_b"


def flips(raw: bytes, count: int, seed: int) -> Iterator[tuple[int, bytes]]:
    """A random bit of a random byte in each of `count` equal parts of the whole."""
    chance = random.Random(seed)
    for number in range(count):
        place = chance.randrange(number * len(raw) // count, (number + 1) * len(raw) // count)
        changed = bytearray(raw)
        changed[place] ^= 1 << chance.randrange(8)
        yield place, bytes(changed)


def passing(changed: Iterator[tuple[int, bytes]]) -> list[int]:
    """Where a change is that the second verifier does not find."""
    found = []
    for place, raw in changed:
        try:
            second_verifier.verify(raw)
        except WRONG:
            continue
        found.append(place)
    return found


def test_it_finds_every_flipped_bit(exported: bytes) -> None:
    assert passing(flips(exported, FLIPS, 11)) == []
    print(f"{FLIPS} flipped bits in {len(exported)} bytes, all found by the second verifier")


def test_it_finds_every_flipped_bit_though_the_container_was_written_anew(files: dict[str, bytes]) -> None:
    def rebuilt() -> Iterator[tuple[int, bytes]]:
        for number, name in enumerate(files):
            for place, content in flips(files[name], min(len(files[name]), FLIPS // len(files)), number):
                yield place, archive.pack({**files, name: content})

    assert passing(rebuilt()) == []


def rebuilt_with(files: dict[str, bytes], change: Callable[[Any], Any]) -> bytes:
    changed = dict(files)
    in_case(change)(changed)
    assert changed["case.json"] != files["case.json"]
    return archive.pack(changed)


def test_it_finds_what_was_changed_in_a_container_written_anew(told: Full, files: dict[str, bytes]) -> None:
    """By somebody without the key: a changed word, a dropped post, two posts swapped."""

    def swap(case: Any) -> None:
        case["posts"][-1], case["posts"][-2] = case["posts"][-2], case["posts"][-1]

    for change in (
        lambda case: reworded(post_of(case, told, "noticed")),
        lambda case: case["posts"].remove(post_of(case, told, "noticed")),
        swap,
    ):
        with pytest.raises(Bad, match=r"manifest does not fit .*case\.json"):
            second_verifier.verify(rebuilt_with(files, change))


def test_it_finds_another_key(exported: bytes, files: dict[str, bytes], another: House) -> None:
    """Manifest signed with a key of one's own: the checkpoint is not. Both signed so: it is not the publisher's."""
    own = another.journal.sealing
    origin = manifest.read_key(files["public-key"].decode())[0]
    mine = {**files, "public-key": manifest.key_text(origin, own.public_key).encode()}
    del mine[manifest.NAME]

    def signed() -> bytes:
        listed = manifest.Manifest(origin, "0" * 12, manifest.listed(mine))
        return archive.pack({**mine, manifest.NAME: manifest.sign(listed, own).encode()})

    with pytest.raises(Bad, match="checkpoint is signed with another key"):
        second_verifier.verify(signed())
    head = chain.Checkpoint(
        origin.removeprefix("heard/"),
        int(files["checkpoint"].split(b"\n")[1]),
        part("container").unbase64(files["checkpoint"].split(b"\n")[2].decode()),
    )
    mine["checkpoint"] = chain.sign(head, own.public_key, own.sign).encode()
    second_verifier.verify(signed())
    second_verifier.verify(exported, files["public-key"].decode())
    with pytest.raises(Bad, match="another key than the publisher's"):
        second_verifier.verify(signed(), files["public-key"].decode())


@pytest.mark.parametrize("what", CHANGES)
def test_both_find_what_entries_do_not_say(told: Full, exported: bytes, what: str) -> None:
    lie = forged(told.house, exported, in_case(lambda case: CHANGES[what](case, told)))
    with pytest.raises(Corrupt):
        check_export(lie)
    with pytest.raises(WRONG):
        second_verifier.verify(lie)


def test_both_accept_what_the_forger_signs_unchanged(told: Full, exported: bytes) -> None:
    true = forged(told.house, exported, in_case(lambda case: None))
    check_export(true)
    second_verifier.verify(true)


def twice(name: str, value: str) -> Callable[[bytes], bytes]:
    """The field of this name a second time, in front, where most readers would not look for it."""
    return lambda raw: raw.replace(b"{", b'{"%s":%s,' % (name.encode(), value.encode()), 1)


@pytest.mark.parametrize("name", ["case.json", "entries.ndjson"])
@pytest.mark.parametrize("field", ["twice", "unknown", "spaced"])
def test_both_refuse_json_that_two_readers_could_see_in_two_ways(
    told: Full, exported: bytes, name: str, field: str
) -> None:
    """`spaced` is only refused by Heard, which knows the one way in which it writes."""
    change = {
        "twice": twice("title" if name == "case.json" else "body", '"Another case"'),
        "unknown": twice("comment", '"A stowaway"'),
        "spaced": lambda raw: raw.replace(b"{", b"{ ", 1),
    }[field]

    def changed(files: dict[str, bytes]) -> None:
        files[name] = change(files[name])

    lie = forged(told.house, exported, changed)
    with pytest.raises(Corrupt):
        check_export(lie)
    if field == "spaced":
        second_verifier.verify(lie)
    else:
        with pytest.raises(Bad):
            second_verifier.verify(lie)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"</head>", b"<script>The right word.</script></head>"),
        (b"The right word.", b"<style>The right word.</style>"),
        (b'<article class="post', b'<article id="post-x"></article><article class="post'),
        (b"</article>", b""),
    ],
)
def test_both_read_the_page_as_a_reader_does(told: Full, exported: bytes, old: bytes, new: bytes) -> None:
    def change(files: dict[str, bytes]) -> None:
        files["index.html"] = files["index.html"].replace(old, new, 1)

    lie = forged(told.house, exported, change)
    if b"</head>" in old:  # what nobody reads does no harm: the control
        check_export(lie)
        second_verifier.verify(lie)
        return
    with pytest.raises(Corrupt, match=r"index\.html"):
        check_export(lie)
    with pytest.raises(Bad, match=r"index\.html"):
        second_verifier.verify(lie)


def test_a_verifier_that_does_not_look_at_the_container_lets_a_flip_through(
    exported: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A control of the flips above: without the one check there are some that pass."""
    directory = exported.index(b"PK\1\2")
    tried = [(place, exported[:directory] + end) for place, end in flips(exported[directory:], 50, 1)]
    assert passing(iter(tried)) == []
    monkeypatch.setattr(part("container"), "written", lambda files: ANY)
    assert len(passing(iter(tried))) == len(tried)


def test_a_verifier_that_does_not_look_at_the_manifest_lets_a_flip_through(
    files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = [(place, archive.pack({**files, "style.css": css})) for place, css in flips(files["style.css"], 50, 2)]
    assert passing(iter(tried)) == []
    monkeypatch.setattr(second_verifier, "manifest", lambda *files: None)
    assert len(passing(iter(tried))) == len(tried)


def test_a_verifier_that_does_not_look_at_proofs_lets_a_signed_lie_through(
    told: Full, exported: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Case, entry and page all say the same other word, signed with the key: only the tree stands against it."""

    def lie(files: dict[str, bytes]) -> None:
        for name in ("case.json", "entries.ndjson", "index.html"):
            assert b"a clear word" in files[name].lower()
            files[name] = files[name].replace(b"A clear word.", b"A dark word.")

    forgery = forged(told.house, exported, lie)
    with pytest.raises(Bad, match="is not in the tree of the checkpoint"):
        second_verifier.verify(forgery)
    with pytest.raises(Corrupt):
        check_export(forgery)
    monkeypatch.setattr(part("entries"), "included", lambda *proof: True)
    said = second_verifier.verify(forgery)
    assert "A dark word." in json.dumps(said)  # what it would have shown as proved
