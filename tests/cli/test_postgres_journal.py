"""What an operator types on a node whose journal is in PostgreSQL: `heard backup` and the way back from it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import psycopg
import pytest

from heard.coverage import commands
from heard.coverage.elements import Text
from heard.coverage.entries import PostPublished
from heard.opening import open_house
from tests.cli.typed import refused, worked
from tests.desk import Desk
from tests.postgres import Cluster


@pytest.fixture
def journal(postgres: Cluster) -> Iterator[str]:
    address = postgres.fresh()
    yield address
    postgres.give_back(address)


@contextmanager
def at_work(data: Path, journal: str, case: str) -> Iterator[None]:
    """Another node that publishes and erases all the while."""
    house, ended = open_house(data, journal=journal), Event()

    def write() -> None:
        while not ended.wait(0.3):  # a copy begins again when something was erased meanwhile, five times at most
            posts = [PostPublished(case, (Text(f"Busy word {number}."),)) for number in range(5)]
            written = [house.node.do(commands.publish(house.doors, post), by="editor") for post in posts]
            house.node.do(commands.erase(house.journal, written[0].stream, "an order"), by="editor")

    thread = Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        house.close()


def test_a_backup_beside_nodes_at_work_is_whole_and_restores_to_a_node_of_its_own(tmp_path: Path, journal: str) -> None:
    data, out = tmp_path / "node", tmp_path / "backups"
    house = open_house(data, journal=journal)
    desk = Desk(house)
    kept, gone = desk.publish("Kept words."), desk.publish("Unrepeatable zymurgy.")
    house.node.do(commands.erase(house.journal, gone, "an order"), by="editor")
    first = house.node.do(commands.mark_key_event(kept, True), by="editor", key="once")
    with at_work(tmp_path / "other", journal, desk.case):
        for number in range(2):
            said = worked(data, "backup", "--out", out / str(number))
    assert "verified" in said
    size = house.store.position()
    before = house.store.leaves(size)
    [folder] = (out / "1").iterdir()
    assert b"zymurgy" not in b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())
    assert "It holds" in worked(data, "verify", folder)
    worked(tmp_path / "restored", "restore", folder, "--new-epoch")
    again = open_house(tmp_path / "restored")
    again.node.catch_up()
    copied = again.store.position()
    assert 6 < copied <= size + 1 and again.shared is None
    same = min(copied, size) - 10  # what a restore appends itself comes last
    assert again.store.leaves(same) == before[:same]
    bodies = [entry.body for entry in again.journal.stream(gone)]
    assert bodies[0] is None and "Kept words." in str(again.journal.stream(kept)[0].body)
    repeated = again.node.do(commands.mark_key_event(kept, True), by="editor", key="once")
    assert repeated.repeated and repeated.position == first.position, "its keys are known as before"
    again.close()
    house.close()


def test_an_entry_that_was_changed_in_the_database_is_named_and_there_is_no_backup(
    tmp_path: Path, journal: str
) -> None:
    data, out = tmp_path / "node", tmp_path / "backups"
    house = open_house(data, journal=journal)
    Desk(house).publish("Words.")
    house.close()
    with psycopg.connect(journal, autocommit=True) as db:
        db.execute("UPDATE entry SET at = replace(at, 'Z', '1Z') WHERE position = 2")
    assert "Entry 2 does not fit" in refused(data, "backup", "--out", out)
    assert list(out.iterdir()) == []


def test_what_cannot_be_done_is_said_and_what_can_be_instead(tmp_path: Path, journal: str) -> None:
    data, out = tmp_path / "node", tmp_path / "backups"
    open_house(data, journal=journal).close()
    assert "is in PostgreSQL. `heard backup` copies it" in refused(data, "verify", data).replace("\n", " ")
    (data / "journal.address").write_text("postgresql://heard@127.0.0.1:1/gone\nepoch\n")
    assert "cannot be reached" in refused(data, "backup", "--out", out)
    assert list(out.iterdir()) == []
