"""The frames file: one row per thing, and nothing left of what a row held before."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from heard.engine.errors import Unavailable
from heard.engine.frames import FRAME_BYTES_MAX, Change, sse
from heard.store.frames import FramesFile, Painted, Topic
from heard.store.reading import Reading
from tests.live.painting import paint

CASE = "case1"


@pytest.fixture
def file(tmp_path: Path) -> FramesFile:
    return FramesFile(tmp_path / "frames.sqlite", "epoch1")


def post(id: str, html: str = "words", kind: str = "post", place: str | None = None) -> Change:
    return Change(kind, id, html=html, href=f"/{id}", place=place or id)


def test_a_later_change_of_a_thing_replaces_it(file: FramesFile) -> None:
    paint(file, 3, {CASE: [post("p1", "one"), Change("summary", "summary", html="s")]})
    paint(file, 5, {CASE: [post("p1", "two", "corrected")], "case2": [post("q", "q")]})
    assert file.position() == 5
    assert file.html_of(CASE, ["summary", "post:unknown", "post:p1"]) == {"post:p1": "two", "summary": "s"}
    reading = Reading(file.path)
    assert [(f.position, [c.id for c in f.changes]) for f in reading.after(CASE, 0, 9, 500, 2**20) or []] == [
        (3, ["summary"]), (5, ["p1"]),
    ]  # fmt: skip
    assert (reading.head(CASE), reading.head("nowhere"), reading.epoch) == (5, 0, "epoch1")


def test_withdrawn_words_are_in_no_byte_of_no_file(file: FramesFile, tmp_path: Path) -> None:
    words = ["wordsthatwerewithdrawn", "wordsthatwereforgotten"]
    long = "x" * 30_000
    for n in range(1, 200):
        paint(file, n, {CASE: [post(f"p{n}", long[: n * 100])]})
    paint(file, 200, {CASE: [post("r", f"{long} {words[0]} {long}"), post("s", f"{words[1]} {long}")]})
    reading = Reading(file.path)
    assert reading.since(0).position == 200
    raw = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert all(word.encode() in raw for word in words), "or this tests nothing"
    paint(file, 201, {CASE: [post("r", "This post was retracted.", "retracted")]})
    file.forget(CASE, "post:s")
    assert file.purging.purge(1, whole=False)
    raw = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert not any(word.encode() in raw for word in words)


def test_the_file_waits_for_no_disk_and_overwrites_what_it_deletes(file: FramesFile) -> None:
    assert [file._db.execute(f"PRAGMA {name}").get for name in ("journal_mode", "synchronous", "secure_delete")] == [
        "wal", 1, 1,
    ]  # fmt: skip


def test_control_without_purging_they_would_still_be_there(file: FramesFile, tmp_path: Path) -> None:
    paint(file, 1, {CASE: [post("r", "wordsthatwerewithdrawn")]})
    paint(file, 2, {CASE: [post("r", "gone", "retracted")]})
    assert b"wordsthatwerewithdrawn" in b"".join(path.read_bytes() for path in tmp_path.iterdir())


def test_posts_are_paged_by_place(file: FramesFile) -> None:
    paint(file, 1, {CASE: [post(f"p{n}", place=f"{n:03}") for n in range(100)] + [Change("state", "state", html="x")]})
    assert [p.id for p in file.posts(CASE, limit=3)] == ["p99", "p98", "p97"]
    assert [p.id for p in file.posts(CASE, before="097", limit=2)] == ["p96", "p95"]
    assert [p.id for p in file.posts(CASE, after="097")] == ["p98", "p99"]
    assert [p.id for p in file.posts(CASE, after="", limit=2)] == ["p0", "p1"]
    assert file.posts(CASE, before="000") == file.posts("nowhere") == []


def test_a_file_of_another_epoch_or_a_damaged_one_begins_anew(file: FramesFile) -> None:
    paint(file, 7, {CASE: [post("p1")]}, [Topic("slug", CASE, True)])
    file.close()
    again = FramesFile(file.path, "epoch1")
    assert (again.position(), len(again.posts(CASE))) == (7, 1)
    again.close()
    other = FramesFile(file.path, "epoch2")
    assert (other.position(), other.posts(CASE)) == (0, [])
    other.close()
    file.path.write_bytes(b"not a database" * 1000)
    mended = FramesFile(file.path, "epoch2")
    assert mended.position() == 0
    paint(mended, 1, {CASE: [post("p1")]})
    mended.close()


def test_a_batch_is_seen_at_once(file: FramesFile) -> None:
    reading = Reading(file.path)
    with pytest.raises(apsw.ConstraintError):  # the topic's case is missing, which the file finds out last
        file.put(1, [Painted(1, CASE, [post("p1")], [Topic("slug", None, True)])])  # type: ignore[arg-type]
    assert reading.since(0).position == 0
    file.put(10, [Painted(n, CASE, [post(f"p{n}")]) for n in range(1, 11)])
    assert [frame.position for frame in reading.since(0).frames[CASE]] == list(range(1, 11))


def test_the_cursor_moves_without_changes_and_never_back(file: FramesFile) -> None:
    paint(file, 9, {})
    paint(file, 4, {CASE: [post("late")]})
    assert file.position() == 9


def test_streams_have_names_and_stop_being_public(file: FramesFile) -> None:
    reading = Reading(file.path)
    paint(file, 1, {}, [Topic("slug", CASE, True), Topic("hidden", "case2", False)])
    assert (reading.topic("slug"), reading.topic("hidden"), reading.topic("none")) == (CASE, None, None)
    paint(file, 2, {}, [Topic("slug", CASE, False), Topic("renamed", CASE, True)])
    assert reading.since(1).closed == []
    paint(file, 3, {}, [Topic("renamed", CASE, False)])
    assert reading.since(1).closed == [CASE]
    assert reading.since(3).closed == []


def test_the_stamp_moves_with_every_commit_of_the_writer(file: FramesFile) -> None:
    reading = Reading(file.path)
    stamp = reading.stamp()
    assert reading.stamp() == stamp
    paint(file, 1, {})
    assert reading.stamp() != stamp


def test_too_much_is_not_read(file: FramesFile) -> None:
    for n in range(1, 11):
        paint(file, n, {CASE: [post(f"p{n}", "x" * 100), post(f"q{n}", "x" * 100)]})
    reading = Reading(file.path)
    assert len(reading.after(CASE, 0, 10, 10, 2000) or []) == 10
    assert reading.after(CASE, 0, 10, 9, 2000) is None
    assert reading.after(CASE, 0, 10, 10, 1999) is None


def test_a_file_that_is_not_there_is_said_to_be_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        Reading(tmp_path / "none.sqlite")


def test_an_area_too_long_to_send_is_not_kept_and_its_pages_are_loaded_again(file: FramesFile) -> None:
    paint(file, 1, {CASE: [Change("key", "key", html="one event"), post("p1")]})
    paint(file, 2, {CASE: [Change("key", "key", html="x" * 70_000)]})
    assert file.html_of(CASE, ["key"]) == {}, "nothing that is older than the page"
    reading = Reading(file.path)
    assert reading.after(CASE, 1, 2, 500, 2**20) is None
    paint(file, 3, {CASE: [Change("key", "key", html="two events")]})
    assert [frame.position for frame in reading.after(CASE, 2, 9, 500, 2**20) or []] == [3]


def test_a_case_that_is_rendered_anew_keeps_no_older_rendering_of_a_post(file: FramesFile) -> None:
    file.put(5, [Painted(n, CASE, [post(f"p{n}"), Change("state", "state", html="s")]) for n in range(1, 4)])
    file.put(9, [Painted(7, CASE, [], anew=True), Painted(8, CASE, [post("p2", "later")])])
    assert file.html_of(CASE, ["post:p1", "post:p2", "post:p3", "state"]) == {"post:p2": "later", "state": "s"}
    reading = Reading(file.path)
    assert reading.after(CASE, 6, 9, 500, 2**20) is None
    assert [frame.position for frame in reading.after(CASE, 7, 9, 500, 2**20) or []] == [8]


def test_areas_that_no_frame_has_room_for_together_have_every_page_loaded_again(file: FramesFile) -> None:
    """An area has no address: in a frame that is too long there would be neither its words nor where to get them."""
    areas = [Change(name, name, html="x" * 20_000) for name in ("state", "summary", "key", "pinned")]
    event = sse("epoch1", 3, areas)
    assert event.count(b'"html"') < 4 and b'"href"' not in event, "the control"
    paint(file, 2, {CASE: areas[:1]})
    [frame] = Reading(file.path).after(CASE, 0, 9, 500, 2**20) or []
    assert [one.id for one in frame.changes] == ["state"]
    paint(file, 3, {CASE: areas})
    assert Reading(file.path).after(CASE, 2, 9, 500, 2**20) is None, "a reset"
    kept = [one for one in areas if file.html_of(CASE, [one.id])]
    assert kept and len(sse("epoch1", 3, kept)) <= FRAME_BYTES_MAX
