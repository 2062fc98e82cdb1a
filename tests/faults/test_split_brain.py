"""A standby is promoted while the server before it still runs, and both take writes: every node follows the one that
was promoted, and what the other has half done is read by nobody."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, suppress
from threading import Thread

import psycopg
import pytest

from heard.engine.errors import Corrupt, Unavailable
from heard.store.postgres import PostgresStore
from heard.store.postgres_bell import Bell
from heard.store.postgres_servers import Servers
from tests.faults.nodes import long
from tests.faults.stores import PATIENCE_S, Nodes, append_once, append_under
from tests.postgres import Cluster, Pair, pair
from tests.waiting import wait_until

pytestmark = pytest.mark.faults


@pytest.fixture
def servers() -> Iterator[Pair]:
    with pair() as both:
        yield both


HALF_DONE = """INSERT INTO entry
        SELECT 2, stream, kind, version, at, by, 'half done', request, seal, sealed, leaf FROM entry;
    UPDATE tree SET size = 2"""


def restarted_over_a_half_done_append(server: Cluster, name: str) -> None:
    """Somebody who knows of the old leader alone appends there; it waits for its standby, dies, and is there again."""

    def append() -> None:
        with suppress(psycopg.Error), psycopg.connect(f"{server.address}/{name}") as db:
            db.execute(HALF_DONE)

    waits = Thread(target=append)
    waits.start()
    wait_until(lambda: waiting_for_a_standby(server), PATIENCE_S)
    server.restart("immediate")
    waits.join()


def waiting_for_a_standby(server: Cluster) -> bool:
    with psycopg.connect(f"{server.address}/postgres") as db:
        return bool(db.execute("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep'").fetchall())


def keys(store: PostgresStore) -> list[str | None]:
    return [record.header.key for record in store.records(0, 1_000)]


def read_by_one_that_begins(journal: str) -> list[str | None]:
    with closing(PostgresStore(journal)) as store:
        return keys(store)


def test_what_a_leader_has_half_done_is_not_read_once_another_was_promoted(
    servers: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = servers.address(servers.leads.fresh())
    with closing(PostgresStore(journal)) as store:
        append_under(store, "kept")
    servers.promote_beside()
    restarted_over_a_half_done_append(servers.leads, journal.rpartition("/")[2].partition("?")[0])
    assert read_by_one_that_begins(journal) == ["kept"]
    # The control: a node that takes the first of them that takes writes, as the library does.
    monkeypatch.setattr(Servers, "leader", lambda self: (self._url, 0))
    assert read_by_one_that_begins(journal) == ["kept", "half done"]


@long
def test_writers_go_over_to_the_promoted_one_and_nothing_is_lost_or_doubled(servers: Pair) -> None:
    journal = servers.address(servers.leads.fresh())
    nodes = Nodes(PostgresStore, journal)
    bells = [Bell(store.database) for store in nodes.stores]
    for bell in bells:
        bell.listen(lambda: None)
    with nodes.at_work():
        nodes.more_than(30)
        servers.promote_beside()
        began = time.monotonic()
        nodes.more_than(30)
        print(f"the first 30 after the promotion were acknowledged after {time.monotonic() - began:.1f} s")
        servers.leads.restart("immediate")
        nodes.more_than(30)
    nodes.check()
    for bell in bells:
        bell.close()
    nodes.close()


@long
def test_nobody_goes_back_to_the_leader_that_was_left(servers: Pair) -> None:
    journal = servers.address(servers.leads.fresh())
    with closing(PostgresStore(journal)) as store, closing(Bell(store.database)) as bell:
        bell.listen(lambda: None)
        append_under(store, "before")
        servers.promote_beside()
        wait_until(lambda: str(servers.follows.port) in store.database.leads and readable(store), PATIENCE_S)
        servers.follows.stop("immediate")
        wait_until(lambda: why_not(store) is Corrupt, PATIENCE_S)
        with pytest.raises(Corrupt, match="in whose place another was promoted"):
            append_once(store, "after")
        servers.follows.start()
        wait_until(lambda: readable(store), PATIENCE_S)
        assert append_under(store, "after").first == 2


def readable(store: PostgresStore) -> bool:
    return why_not(store) is None


def why_not(store: PostgresStore) -> type[Exception] | None:
    try:
        store.position()
    except (Unavailable, Corrupt) as wrong:
        return type(wrong)
    return None


@long
def test_a_promoted_one_that_lacks_entries_is_not_followed_and_neither_takes_appends(servers: Pair) -> None:
    """They were not waited for, so which of the two is right is for a person to say."""
    journal = servers.address(servers.leads.fresh())
    with closing(PostgresStore(journal)) as store, closing(Bell(store.database)) as bell:
        bell.listen(lambda: None)
        servers.wait_for_standby(False)
        servers.cut_standby()
        append_under(store, "the standby never had it")
        servers.promote_beside()
        wait_until(lambda: why_not(store) is Corrupt, PATIENCE_S)
        for _ in range(3):
            with pytest.raises(Corrupt, match="has not the entries that this node has read"):
                append_once(store, "after")
        servers.follows.stop("immediate")
        wait_until(lambda: readable(store), PATIENCE_S)
        assert append_under(store, "after").first == 2, "whoever stops the other has said which is right"
