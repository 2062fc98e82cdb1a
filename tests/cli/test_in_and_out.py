"""Import, export, verify and replay, typed."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

import pytest

from heard.accounts import projection as accounts
from heard.cases import projection as cases
from heard.cases.permission import record_own_permission
from heard.coverage import projection as posts
from heard.export import archive
from heard.opening import open_house
from tests.cli.typed import refused, typed, worked

FUNICULAR = Path(__file__).parents[1] / "ingest" / "funicular.txt"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_a_blog_is_imported_exported_verified_imported_elsewhere_and_replayed(data: Path, tmp_path: Path) -> None:
    first = worked(data, "import", "liveblog", FUNICULAR, "--case", "funicular", "--title", "The funicular")
    assert re.search(r"Imported \d+ parts\.", first) and "/funicular/" in first
    assert "Left out as page furniture: line" in first
    again = worked(data, "import", "liveblog", FUNICULAR, "--case", "funicular", "--title", "The funicular")
    assert "nothing was changed" in again

    out = tmp_path / "funicular.zip"
    wrote = worked(data, "export", "case", "funicular", "--out", out)
    key = re.search(r"Its key: (\S+)", wrote)
    assert key and "with proof" in wrote
    assert "there already" in refused(data, "export", "case", "funicular", "--out", out)
    assert "It holds: “The funicular”" in worked(data, "verify", out)
    assert "compare it with the one they give" not in worked(data, "verify", out, "--key", key[1])
    assert "another key" in refused(data, "verify", out, "--key", "heard/somebody")

    elsewhere = tmp_path / "elsewhere"
    taken = worked(elsewhere, "import", "liveblog", out, "--case", "funicular")
    assert re.search(r"Imported \d+ parts\.", taken) and "Compare that with the key" in taken
    assert "nothing was changed" in worked(elsewhere, "import", "liveblog", out, "--case", "funicular")
    back = tmp_path / "back.zip"
    worked(elsewhere, "export", "case", "funicular", "--out", back)
    assert archive.unpack(back.read_bytes())["case.json"] == archive.unpack(out.read_bytes())["case.json"]

    assert re.search(r"Played \d+ posts\.", worked(data, "replay", "funicular", "--as", "again", "--speed", "100000"))
    assert "again\tclosed\tThe funicular" in worked(data, "case", "list")
    assert "It holds: epoch" in worked(data, "verify", data)


def test_an_import_says_whose_words_it_brings_and_their_leave_binds_it(data: Path) -> None:
    worked(data, "account", "add", "ada@example.org", "--role", "reporter")
    worked(data, "account", "add", "lena@example.org", "--role", "lawyer")
    worked(data, "case", "open", "funicular", "--title", "The funicular")
    blog = ("import", "liveblog", FUNICULAR, "--case", "funicular", "--by")
    assert "publishes nothing there" in refused(data, *blog, "lena@example.org")
    assert "no such account" in refused(data, *blog, "nobody@example.org")
    with closing(open_house(data)) as house:
        house.node.catch_up()
        case, ada = cases.by_slug(house.tables, "funicular").id, accounts.by_email(house.tables, "ada@example.org").id
        house.node.do(record_own_permission(case, ada, "lawyer", "withdrawn"), by="lawyer")
    assert "waiting on the desk: the rules of the case stop" in worked(data, *blog, "ada@example.org")
    with closing(open_house(data)) as house:
        assert not posts.shown(house.tables, case) and posts.with_status(house.tables, case, "held")


def test_a_changed_export_is_refused_by_verify_and_by_import(data: Path, tmp_path: Path) -> None:
    worked(data, "import", "liveblog", FUNICULAR, "--case", "funicular")
    out = tmp_path / "funicular.zip"
    worked(data, "export", "case", "funicular", "--out", out)
    raw = bytearray(out.read_bytes())
    raw[raw.index(b"brake")] ^= 1
    out.write_bytes(raw)
    assert "changed" in refused(data, "verify", out)
    assert "changed" in refused(tmp_path / "new", "import", "liveblog", out, "--case", "funicular")
    assert not (tmp_path / "new").exists()


def test_bad_files_are_refused_in_a_sentence(data: Path, tmp_path: Path) -> None:
    broken = {
        "binary": b"\xff\xfe\x00\x01",
        "nothing": b"",
        "half.json": b'{"headline": "x", "blocks": [',
        "other.json": b'{"a": 1}',
        "zip.zip": b"PK\3\4 and nothing more",
    }
    for name, content in broken.items():
        (tmp_path / name).write_bytes(content)
        said = refused(data, "import", "liveblog", tmp_path / name, "--case", "it")
        assert said.strip().endswith(".") and len(said) < 500
    assert "not an export" in refused(data, "verify", tmp_path / "zip.zip")
    assert "not an export" in refused(data, "verify", tmp_path / "nothing")
    assert "cannot be read" in refused(data, "import", "liveblog", tmp_path / "no-such", "--case", "it")
    assert "larger than" in refused(data, "import", "liveblog", "/dev/zero", "--case", "it")
    assert "cannot be read" in refused(data, "import", "liveblog", tmp_path, "--case", "it")
    assert "cannot be read" in refused(data, "verify", tmp_path / "no-such")
    assert "small letters" in refused(data, "import", "liveblog", FUNICULAR, "--case", "Not A Slug")
    empty = tmp_path / "empty"
    empty.mkdir()
    assert refused(data, "verify", empty)


def test_what_is_not_there_is_said_and_makes_no_data_directory(data: Path, tmp_path: Path) -> None:
    for words in (
        ("export", "case", "it", "--out", tmp_path / "it.zip"),
        ("retract", "aaaaaaaaaaaaaaaa"),
        ("rebuild",),
        ("backup", "--out", tmp_path / "backups"),
    ):
        assert "no data of Heard" in refused(data, *words), words
    assert not data.exists()
    worked(data, "case", "open", "it", "--title", "It")
    assert "no case" in refused(data, "export", "case", "nowhere", "--out", tmp_path / "it.zip")
    assert "no folder" in refused(data, "export", "case", "it", "--out", tmp_path / "no" / "it.zip")
    assert not (tmp_path / "it.zip").exists()
    assert "speed" in refused(data, "replay", "it", "--as", "again", "--speed", "nan")


def test_a_wrong_option_is_told_with_the_usage(data: Path) -> None:
    ended = typed(data, "import", "liveblog", FUNICULAR)
    assert ended.code == 2 and "--case" in ended.err
    assert typed(data, "no-such-command").code == 2


def test_the_record_of_a_case_under_a_legal_hold_is_written_and_verified(data: Path, tmp_path: Path) -> None:
    worked(data, "import", "liveblog", FUNICULAR, "--case", "funicular")
    out, why = tmp_path / "record.zip", ("--why", "A claim was brought.")
    worked(data, "legal-hold", "funicular", "--ground", "a letter before claim")
    wrote = worked(data, "export", "hold", "funicular", "--to", out, *why)
    assert "words that were withdrawn" in wrote and out.stat().st_mode & 0o077 == 0
    key = re.search(r"Its key: (\S+)", wrote)
    earlier = tmp_path / "checkpoint"
    earlier.write_bytes(archive.unpack(out.read_bytes())["checkpoint"])
    assert key
    held = worked(data, "verify", out, "--key", key[1], "--earlier", earlier)
    assert "It holds: the record of “funicular”" in held and "goes on from the earlier checkpoint" in held
    assert b"A claim was brought" not in out.read_bytes() and b"letter before claim" not in out.read_bytes()
    out.write_bytes(out.read_bytes().replace(b"brake", b"bread", 1))
    assert "changed" in refused(data, "verify", out)
