"""Many writers on one case."""

from __future__ import annotations

from pathlib import Path

from heard.coverage import commands
from heard.coverage.elements import Text
from heard.coverage.entries import PostPublished
from heard.coverage.frames import Painter
from heard.engine.node import Written
from heard.opening import open_house
from heard.store.frames import FramesFile
from tests.desk import Desk


def test_sixty_four_writers_of_different_posts_never_meet(desk: Desk) -> None:
    desk.publish("The first post takes the case live.")
    node = desk.house.node
    asked = [
        node.ask(commands.publish(desk.doors, PostPublished(desk.case, (Text(f"Writer {n}"),))), by=f"writer-{n}")
        for n in range(64)
    ]
    node.do_all(asked)
    assert all(isinstance(one.outcome, Written) and one.tries == 0 for one in asked)
    assert len({one.outcome.position for one in asked if isinstance(one.outcome, Written)}) == 64


def test_two_changes_of_one_post_in_one_group_are_judged_one_after_the_other(desk: Desk) -> None:
    post = desk.publish("Two lamps.")
    node = desk.house.node
    asked = [
        node.ask(commands.correct(desk.doors, post, (Text(words),), "misheard", based_on=None), by=words)
        for words in ("Three lamps.", "Four lamps.")
    ]
    node.do_all(asked)
    assert [one.tries for one in asked] == [0, 1]


def test_nothing_is_rendered_before_it_is_folded(desk: Desk, tmp_path: Path) -> None:
    """Another process may append between folding and rendering; its post must not be passed over."""
    other = open_house(desk.house.data, synchronous="OFF")
    file = FramesFile(tmp_path / "frames.sqlite", "e")
    painter = Painter(desk.journal, desk.tables, desk.doors, file)
    painter.paint()
    asked = other.node.ask(commands.publish(other.doors, PostPublished(desk.case, (Text("Theirs"),))), by="other")
    other.node.append(other.node.judge([asked]))
    painter.paint()
    desk.house.node.catch_up()
    painter.paint()
    assert "Theirs" in repr(file.posts(desk.case))
    other.close()


def test_who_listens_here_hears_of_what_another_app_folded_and_rendered(desk: Desk, tmp_path: Path) -> None:
    """While apps are exchanged two are at work on the same files: lent pages, purges and proofs hang by this."""
    post = desk.publish("Words.")
    other = open_house(desk.house.data, synchronous="OFF")
    file, their_file = (FramesFile(tmp_path / "frames.sqlite", "e") for _ in range(2))
    ours = Painter(desk.journal, desk.tables, desk.doors, file)
    theirs = Painter(other.journal, other.tables, other.doors, their_file)
    heard: list[object] = []
    ours.after_paint.append(heard.append)
    desk.house.node.after_fold.append(lambda folded: heard.append("folded"))
    desk.house.node.catch_up()
    ours.paint()
    heard.clear()
    told = other.node.do(commands.retract(other.doors, post), by="other")
    theirs.paint()
    desk.house.node.catch_up()
    ours.paint()
    assert heard == ["folded", told.last]
    desk.house.node.catch_up()
    ours.paint()
    assert heard == ["folded", told.last], "and once"
    other.close()
    file.close()


def test_what_another_app_withdrew_and_did_not_live_to_purge_is_purged_here(desk: Desk, tmp_path: Path) -> None:
    words = "qwithdrawnwordsq"
    post = desk.publish(words)
    other = open_house(desk.house.data, synchronous="OFF")
    file, their_file = (FramesFile(tmp_path / "frames.sqlite", "e") for _ in range(2))
    theirs = Painter(other.journal, other.tables, other.doors, their_file)
    theirs.paint()
    ours = Painter(desk.journal, desk.tables, desk.doors, file)
    for dies in (other.node.leftovers, theirs.leftovers):
        dies.purge = lambda: None  # type: ignore[method-assign]
    other.node.do(commands.retract(other.doors, post), by="other")
    theirs.paint()
    files = [*desk.house.data.glob("projection-*"), *tmp_path.glob("frames.sqlite*")]
    assert words.encode() in b"".join(path.read_bytes() for path in files), "the control"
    other.close()
    their_file.close()
    desk.house.node.catch_up()
    ours.paint()
    log = [path for path in files if path.name.endswith("-wal")]
    assert log and words.encode() not in b"".join(path.read_bytes() for path in log if path.exists())
    file.close()
