"""A flipped bit anywhere in an export is found, and so is a case that says what its entries do not."""

from __future__ import annotations

import json
import random
import zipfile
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest

from heard.engine import chain
from heard.engine.errors import Corrupt, HeardError
from heard.export import archive, manifest
from heard.export.checking import check_export
from heard.opening import House
from tests.desk import Desk
from tests.export.conftest import zip_of
from tests.export.full_case import Full


def test_a_bit_flipped_at_any_byte_is_found(exported: bytes) -> None:
    """At every byte of container, manifest, checkpoint and key, and at a thousand others; a random bit of each."""
    chance = random.Random(4)
    every = {place for place in range(len(exported)) if place < 120 or place >= len(exported) - 900}
    for name in ("manifest", "checkpoint", "public-key"):
        content = archive.unpack(exported)[name]
        start = exported.index(content)
        every |= set(range(start - 30 - len(name), start + len(content)))
    every |= set(chance.sample(range(len(exported)), 1000))
    found = 0
    for place in sorted(every):
        changed = bytearray(exported)
        changed[place] ^= 1 << chance.randrange(8)
        with pytest.raises(Corrupt):
            check_export(bytes(changed))
        found += 1
    assert found == len(every) > 2000


def test_a_small_export_is_checked_to_its_last_bit(desk: Desk) -> None:
    """Of what is not style or readme, every bit of every byte."""
    desk.publish("A word.")
    raw = zip_of(desk.house, "the-case")
    files = archive.unpack(raw)
    plain = [(raw.index(files[name]), len(files[name])) for name in ("style.css", "README.txt", "index.html")]
    covered = [place for place in range(len(raw)) if not any(start <= place < start + size for start, size in plain)]
    for place in covered:
        changed = bytearray(raw)
        changed[place] ^= 1 << place % 8
        with pytest.raises(Corrupt):
            check_export(bytes(changed))
    assert len(covered) > 4000


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: b"",
        lambda raw: raw[:-1],
        lambda raw: raw + b"\0",
        lambda raw: b"\0" + raw,
        lambda raw: raw[: len(raw) // 2],
        lambda raw: raw + raw,
        lambda raw: repacked(raw, zipfile.ZIP_DEFLATED),
        lambda raw: repacked(raw, zipfile.ZIP_STORED),
        lambda raw: raw.replace(b"style.css", b"style.CSS"),
    ],
)
def test_another_container_is_found(exported: bytes, change: Callable[[bytes], bytes]) -> None:
    with pytest.raises(Corrupt):
        check_export(change(exported))


def repacked(raw: bytes, method: int) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(raw)) as old, zipfile.ZipFile(out, "w", method) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    return out.getvalue()


def forged(house: House, exported: bytes, change: Callable[[dict[str, bytes]], None]) -> bytes:
    """The export changed and signed anew by whoever holds the key: only what entries prove stands against it."""
    files = archive.unpack(exported)
    del files[manifest.NAME]
    change(files)
    sealing = house.journal.sealing
    origin = manifest.read_key(files["public-key"].decode())[0]
    listed = manifest.Manifest(origin, "0" * 12, manifest.listed(files))
    return archive.pack({**files, manifest.NAME: manifest.sign(listed, sealing).encode()})


def in_case(change: Callable[[Any], None]) -> Callable[[dict[str, bytes]], None]:
    def changed(files: dict[str, bytes]) -> None:
        case = json.loads(files["case.json"])
        change(case)
        files["case.json"] = json.dumps(case, indent=1, ensure_ascii=False).encode() + b"\n"

    return changed


def post_of(case: Any, told: Full, what: str) -> Any:
    return next(post for post in case["posts"] if post["id"] == told.posts[what])


def reworded(post: Any) -> None:
    post["elements"][0]["markdown"] = "Something else."
    post["text"] = "Something else."


CHANGES: dict[str, Callable[[Any, Full], Any]] = {
    "the words of a post": lambda case, told: reworded(post_of(case, told, "noticed")),
    "the words of a corrected post": lambda case, told: reworded(post_of(case, told, "corrected")),
    "the plain text of a post": lambda case, told: post_of(case, told, "noticed").update(text="Another text."),
    "the title of a post": lambda case, told: post_of(case, told, "rich").update(title="Another title"),
    "the byline": lambda case, told: post_of(case, told, "plain").update(byline="Them"),
    "the speaker": lambda case, told: post_of(case, told, "rich")["elements"][1].update(speaker="Ida Rook"),
    "the setting": lambda case, told: post_of(case, told, "rich")["elements"][1].update(setting="submission"),
    "the time of a post": lambda case, told: post_of(case, told, "plain").update(published_at="2031-03-03T10:00:00Z"),
    "a time that was not recorded": lambda case, told: post_of(case, told, "plain").update(published_at=None),
    "a key event": lambda case, told: post_of(case, told, "plain").update(key_event=False),
    "the pin": lambda case, told: post_of(case, told, "plain").update(pinned=True),
    "a correction's notice": lambda case, told: post_of(case, told, "corrected")["notices"].clear(),
    "old words": lambda case, told: post_of(case, told, "old-shown")["notices"][0].update(old="It was at five."),
    "the section": lambda case, told: post_of(case, told, "written-up").update(section="live"),
    "a retraction's notice": lambda case, told: post_of(case, told, "retracted").update(notice="It was fine."),
    "a retracted post's words": lambda case, told: post_of(case, told, "retracted").update(title="Word"),
    "an erased post's notice": lambda case, told: post_of(case, told, "erased").update(notice="It was fine."),
    "a post left out": lambda case, told: case["posts"].remove(post_of(case, told, "noticed")),
    "a retraction left out": lambda case, told: case["posts"].remove(post_of(case, told, "retracted")),
    "the title": lambda case, told: case.update(title="Another case"),
    "the standfirst": lambda case, told: case.update(standfirst="Something else"),
    "the address": lambda case, told: case.update(slug="elsewhere"),
    "the id": lambda case, told: case.update(id="a" * 16),
    "the summary": lambda case, told: case["summary"].update(markdown="All is well."),
    "no summary": lambda case, told: case["summary"].update(markdown=""),
    "a person's role": lambda case, told: case["people"][0].update(role="driver"),
    "a person left out": lambda case, told: case["people"].pop(),
    "a person put in": lambda case, told: case["people"].append({**case["people"][0], "id": "b" * 16}),
    "a hearing's place": lambda case, told: case["hearings"][0].update(place="Court 9"),
    "a sitting's title": lambda case, told: case["sittings"][0].update(title="Day nine"),
    "a sitting's beginning": lambda case, told: case["sittings"][0].update(began_at="2031-03-03T10:00:00Z"),
    "a post twice": lambda case, told: case["posts"].append(post_of(case, told, "noticed")),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_the_entries_do_not_say_is_found_even_if_it_is_signed(told: Full, exported: bytes, what: str) -> None:
    lie = forged(told.house, exported, in_case(lambda case: CHANGES[what](case, told)))
    with pytest.raises(Corrupt):
        check_export(lie)


def test_the_forger_of_these_tests_can_sign_what_is_true(told: Full, exported: bytes) -> None:
    """The control of all of them: with nothing changed, the same way gives an export that holds."""
    checked = check_export(forged(told.house, exported, in_case(lambda case: None)))
    assert not checked.page_made_again and checked.case == check_export(exported).case


def entries_of(files: dict[str, bytes]) -> list[Any]:
    return [json.loads(line) for line in files["entries.ndjson"].splitlines()]


@pytest.mark.parametrize("what", ["dropped", "swapped", "doubled", "another body", "another salt", "another header"])
def test_entries_that_are_not_in_the_journal_so_are_found(told: Full, exported: bytes, what: str) -> None:
    def change(files: dict[str, bytes]) -> None:
        lines = files["entries.ndjson"].splitlines(keepends=True)
        at = next(n for n, line in enumerate(lines) if b"post_published" in line)
        entry = json.loads(lines[at])
        match what:
            case "dropped":
                del lines[at]
            case "swapped":
                lines[at - 1 : at + 1] = lines[at], lines[at - 1]
            case "doubled":
                lines.insert(at, lines[at])
            case "another body":
                entry["body"] = entry["body"].replace('"markdown":"', '"markdown":"Not ')
            case "another salt":
                entry["salt"] = "A" * 43 + "="
            case "another header":
                entry["header"] = entry["header"].replace('"by":"editor"', '"by":"nobody"')
        if what.startswith("another"):
            lines[at] = json.dumps(entry, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
        files["entries.ndjson"] = b"".join(lines)

    with pytest.raises(Corrupt):
        check_export(forged(told.house, exported, change))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"The right word.", b"The wrong word."),
        (b'<article class="post" id="post-', b'<div class="post" id="post-'),
        (b"What it\xe2\x80\x99s about", b"What it"),
        (b"withdrawn out of care", b"withdrawn"),
    ],
)
def test_a_page_that_says_something_else_than_the_case_is_found(
    told: Full, exported: bytes, old: bytes, new: bytes
) -> None:
    def change(files: dict[str, bytes]) -> None:
        assert old in files["index.html"]
        files["index.html"] = files["index.html"].replace(old, new, 1)

    with pytest.raises(Corrupt, match=r"index\.html"):
        check_export(forged(told.house, exported, change))


def test_a_page_with_more_in_it_is_found_by_the_version_that_made_it(told: Full, exported: bytes) -> None:
    from heard.export.page import maker

    files = archive.unpack(exported)
    del files[manifest.NAME]
    files["index.html"] = files["index.html"].replace(b"</main>", b"<p>And a lie.</p></main>")
    origin = manifest.read_key(files["public-key"].decode())[0]
    listed = manifest.Manifest(origin, maker(), manifest.listed(files))
    lie = {**files, manifest.NAME: manifest.sign(listed, told.house.journal.sealing).encode()}
    with pytest.raises(Corrupt, match="not the page that Heard makes"):
        check_export(archive.pack(lie))


def test_files_put_in_or_taken_out_are_found(told: Full, exported: bytes) -> None:
    def put_in(files: dict[str, bytes]) -> None:
        files["media/" + "0" * 64] = b"another picture"

    def put_in_beside(files: dict[str, bytes]) -> None:
        files["notes.txt"] = b"a stowaway"

    def take_out(files: dict[str, bytes]) -> None:
        del files[next(name for name in files if name.startswith("media/"))]

    for change in (put_in, put_in_beside, take_out):
        with pytest.raises(Corrupt, match="pictures"):
            check_export(forged(told.house, exported, change))
    files = archive.unpack(exported)
    for change in (put_in, take_out):
        changed = dict(files)
        change(changed)
        with pytest.raises(Corrupt, match="manifest"):
            check_export(archive.pack(changed))


def test_a_signature_for_a_checkpoint_is_none_for_a_manifest(told: Full, exported: bytes) -> None:
    files = archive.unpack(exported)
    with pytest.raises(Corrupt):
        check_export(archive.pack({**files, manifest.NAME: files["checkpoint"]}))
    with pytest.raises(Corrupt):
        check_export(archive.pack({**files, "checkpoint": files[manifest.NAME]}))


def test_another_journals_key_does_not_pass(told: Full, exported: bytes, another: House) -> None:
    """Key and manifest of one journal, checkpoint and entries of another."""
    Desk(another)
    origin = chain.Checkpoint(another.store.epoch, 0, chain.EMPTY_ROOT).origin

    def change(files: dict[str, bytes]) -> None:
        files["public-key"] = manifest.key_text(origin, another.journal.sealing.public_key).encode()

    with pytest.raises(HeardError):
        check_export(forged(another, exported, change))
