"""PostgreSQL dies and is replaced under nodes that write: nothing acknowledged is lost, nothing is doubled."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from threading import Event, Thread

import pytest

from heard.engine.entry import Header
from heard.engine.errors import HeardError, Unavailable
from heard.engine.stores import Append, Appended
from heard.store.postgres import INSERT, Attempt, PostgresStore
from heard.store.postgres_link import Lost
from heard.store.postgres_shared import Shared
from tests.faults.nodes import SOAK
from tests.faults.stores import PATIENCE_S, Nodes, append_under
from tests.postgres import Cluster, Pair, cluster, folder_for_postgres


class Sequenced(PostgresStore):
    """A mutant: the server's own sequence gives positions out, before the commit."""

    def _append(self, batch: Sequence[Append], attempt: Attempt) -> list[Appended | HeardError]:
        with self.database.writing() as db:
            db.execute("CREATE SEQUENCE IF NOT EXISTS positions")
        with self.database.writing() as db:
            [(position,)] = db.execute("SELECT nextval('positions')").fetchall()
            [draft], append = batch[0].drafts, batch[0]
            header = Header(position, draft.stream, draft.kind, 1, "2031-03-03T10:00:00.000000Z", "w", append.key, None)
            time.sleep(0.002 * (position % 3))  # a commit takes as long as it takes
            row = (*(getattr(header, name) for name in header.__struct_fields__), draft.seal, draft.sealed, bytes(32))
            db.execute(INSERT, [[column] for column in row])
        return [Appended(position, position, draft.stream, draft.kind, header.at)]


def test_one_that_follows_by_position_skips_nothing(postgres: Cluster) -> None:
    nodes, wanted = Nodes(PostgresStore, postgres.fresh()), 100_000 if SOAK else 100
    with nodes.at_work():
        nodes.more_than(wanted, PATIENCE_S + wanted / 50)
    nodes.check()
    print(f"{len(nodes.followed):,} followed, none skipped")
    nodes.close()


def test_positions_from_a_sequence_are_caught_skipping(postgres: Cluster) -> None:
    nodes = Nodes(Sequenced, postgres.fresh())
    with nodes.at_work():
        nodes.more_than(100)
    written = {record.header.position for record in nodes.stores[-1].records(0, 1_000_000)}
    nodes.close()
    print(f"{len(written - set(nodes.followed))} of {len(written)} skipped")
    assert written - set(nodes.followed), "the race no longer finds a store that lets a follower skip"


@pytest.fixture
def alone() -> Iterator[Cluster]:
    """A server of our own, which may be harmed."""
    with cluster() as running:
        yield running


def test_a_server_that_dies_under_writers_loses_and_doubles_nothing(alone: Cluster) -> None:
    nodes = Nodes(PostgresStore, alone.fresh())
    with nodes.at_work():
        nodes.more_than(30)
        for _ in range(3):
            alone.restart("immediate")
            nodes.more_than(30)
    nodes.check()
    nodes.close()


def test_a_promoted_standby_has_all_that_was_acknowledged(alone: Cluster) -> None:
    with folder_for_postgres() as folder:
        other = alone.standby(folder)
        other.start()
        alone.set(synchronous_standby_names="*")
        alone.restart("fast")
        journal = alone.fresh().rpartition("/")[2]
        both = f"postgresql://heard@127.0.0.1:{alone.port},127.0.0.1:{other.port}/{journal}"
        nodes = Nodes(PostgresStore, f"{both}?target_session_attrs=read-write")
        try:
            with nodes.at_work():
                nodes.more_than(30)
                alone.stop("immediate")
                other.promote()
                nodes.more_than(30)
            nodes.check()
            nodes.close()
        finally:
            other.stop()


def test_while_the_standby_is_away_only_an_append_waits_long(alone: Cluster) -> None:
    """The event loop asks what was answered before, and an app begins, in less time than is taken for its death."""
    with folder_for_postgres() as folder:
        both = Pair(alone, folder)
        journal = both.address(alone.fresh())
        store, other = PostgresStore(journal), PostgresStore(journal)
        told = append_under(store, "kept")
        both.follows.stop()
        waits = Thread(target=append_under, args=(store, "waits"))
        waits.start()
        time.sleep(0.3)
        began = time.monotonic()
        with pytest.raises(Unavailable):
            other.outcome("kept", "request")
        PostgresStore(other.database.url).close()
        assert time.monotonic() - began < 4
        both.follows.start()
        waits.join()
        assert append_under(other, "kept").first == told.first
        for one in (store, other):
            one.close()
        both.close()


class Relay:
    """The network between a node and its server: it can swallow what is sent without a word, as a cut cable does."""

    def __init__(self, to: int) -> None:
        self._to, self._cut, self._open = to, Event(), list[socket.socket]()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                if self._cut.is_set():
                    near.close()
                    continue
                far = socket.create_connection(("127.0.0.1", self._to))
                self._open += [near, far]
                for one, other in ((near, far), (far, near)):
                    Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    def _pass_on(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                if not self._cut.is_set():
                    other.sendall(data)
            other.shutdown(socket.SHUT_WR)

    @contextmanager
    def cut(self) -> Iterator[None]:
        """Nothing comes through; what was open has been reset when the line is there again."""
        self._cut.set()
        try:
            yield
        finally:
            for sock in self._open:
                with suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
            self._open.clear()
            self._cut.clear()

    def close(self) -> None:
        self._listener.close()
        with self.cut():
            pass


def test_a_cut_network_loses_and_doubles_nothing_and_the_others_go_on(postgres: Cluster) -> None:
    relay, address = Relay(postgres.port), postgres.fresh()
    through = address.replace(str(postgres.port), str(relay.port))
    nodes = Nodes(PostgresStore, address)
    cut_off = PostgresStore(through)
    acknowledged, ended = dict[str, int](), Event()

    def write() -> None:
        for number in count():
            if ended.is_set():
                return
            acknowledged[f"cut-{number}"] = append_under(cut_off, f"cut-{number}").first

    writer = Thread(target=write)
    with nodes.at_work():
        writer.start()
        for _ in range(2):
            nodes.more_than(10)
            before = len(acknowledged)
            with relay.cut():
                nodes.more_than(30)  # nobody waits for a node that holds nothing but its own line
                time.sleep(1)
            give_up_at = time.monotonic() + PATIENCE_S
            while len(acknowledged) < before + 5:
                assert time.monotonic() < give_up_at, "the node did not come back"
                time.sleep(0.05)
        ended.set()
        writer.join(PATIENCE_S)
    nodes.acknowledged |= acknowledged
    nodes.check()
    cut_off.close()
    relay.close()
    nodes.close()


def test_whoever_waits_on_a_line_in_whose_place_there_is_another_is_told_so(postgres: Cluster) -> None:
    """And lets go of it: nobody else may close a connection that is being read."""
    store = PostgresStore(postgres.fresh())
    told, asked = list[Exception](), Event()

    def wait() -> None:
        try:
            with store.database.writing(60) as db:
                asked.set()
                db.execute("SELECT pg_sleep(60)").fetchall()
        except Unavailable as lost:
            told.append(lost)

    waiting = Thread(target=wait)
    waiting.start()
    asked.wait(PATIENCE_S)
    store.database.lose()
    waiting.join(10)
    assert [type(one) for one in told] == [Lost]
    assert append_under(store, "goes on").first == 1
    store.close()


def test_what_one_finds_lost_the_others_on_that_server_wait_for_no_longer(postgres: Cluster) -> None:
    """The event loop asks one after another: were it two seconds for each, an app would be taken for dead."""
    relay = Relay(postgres.port)
    shared = Shared(postgres.fresh().replace(str(postgres.port), str(relay.port)))
    append_under(shared.store, "kept")
    with relay.cut():
        began = time.monotonic()
        for ask in (
            shared.store.position,
            lambda: shared.vault.get("session", "one"),
            lambda: shared.vault.put("session", "one", b""),
            lambda: shared.store.outcome("kept", "request"),
            shared.store.position,
        ):
            with pytest.raises(Unavailable):
                ask()
        assert time.monotonic() - began < 4, "two of the first, and a quarter of one for whoever has a line left"
    assert append_under(shared.store, "after").first == 2
    shared.store.close()
    shared.vault.close()
    relay.close()
