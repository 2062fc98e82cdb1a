"""Two real nodes on PostgreSQL, writers and readers on both, while either node, the server and its place die: what was
acknowledged is kept once, and every reader is sent everything once and in order."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.nodes import SLUG, SOAK, HeardNode, long, two_nodes
from tests.faults.open_pages import OpenPages, Page, Sent
from tests.faults.told_and_kept import PATIENCE_S, Kept, Outcome, Writers, counted, kept
from tests.postgres import Cluster, Pair, pair
from tests.waiting import wait_until

pytestmark = [pytest.mark.faults, pytest.mark.timeout(3600)]

ROUNDS, READERS = (10, 40) if SOAK else (1, 10)
#: As many more are acknowledged between two faults.
BETWEEN = 60 if SOAK else 20
#: Longer than a node takes to see that another was promoted.
TWO_LEAD_S = 5.0
#: What a node says of a server that lacks what it has folded.
SAID = "has not the entries that this node has read"

Fault = Callable[[tuple[HeardNode, HeardNode], Pair | None], object]


def app_killed(nodes: tuple[HeardNode, HeardNode], servers: Pair | None) -> None:
    random.choice(nodes).kill_app()


def node_killed(nodes: tuple[HeardNode, HeardNode], servers: Pair | None) -> None:
    for node in random.sample(nodes, 2):
        node.kill()
        node.start()


def server_restarted(nodes: tuple[HeardNode, HeardNode], servers: Pair | None) -> None:
    assert servers is not None
    servers.leads.restart("immediate")


def standby_promoted(nodes: tuple[HeardNode, HeardNode], servers: Pair | None) -> None:
    assert servers is not None
    servers.promote()
    if SOAK:
        servers.rejoin()


def two_lead_for_a_while(nodes: tuple[HeardNode, HeardNode], servers: Pair | None) -> None:
    assert servers is not None
    servers.promote_beside()
    time.sleep(TWO_LEAD_S)
    servers.end_the_one_left()
    servers.rejoin()


FAULTS: tuple[Fault, ...] = (app_killed, node_killed, server_restarted)


@contextmanager
def at_work(folder: Path, journal: str) -> Iterator[tuple[tuple[HeardNode, HeardNode], Writers, OpenPages]]:
    """Two nodes, writers and open pages on both; in the end all stand where the journal does, as far as they can."""
    with two_nodes(folder, journal) as (one, other, token):
        pages = OpenPages([(one.host, one.port), (other.host, other.port)], SLUG, READERS)
        writers = Writers([one, other], token)
        wait_until(pages.stand, PATIENCE_S)
        with writers.at_work():
            writers.more_than(BETWEEN)
            yield (one, other), writers, pages
        pages.close()


def through(folder: Path, journal: str, faults: Sequence[Fault], servers: Pair | None = None) -> Outcome:
    """Write and read while the faults come, one after another, and count what went wrong."""
    with at_work(folder, journal) as (nodes, writers, pages):
        for fault in faults:
            fault(nodes, servers)
            writers.more_than(BETWEEN)
        writers.end()
        newest = max(at for _, at in writers.acknowledged.values())
        wait_until(lambda: pages.stand(newest), PATIENCE_S)
    return counted(writers, pages.pages, kept(folder / "afterwards", journal))


#: Only in an app: it dies once when the tenth post is kept and before anyone is told, by kill -9 of itself.
DIES_UNTOLD = """
import os, signal, sys

if any("heard.web.process" in word for word in sys.orig_argv):
    from heard.store.postgres import PostgresStore

    append, appends = PostgresStore.append, []

    def dies_untold(self, batch):
        outcomes = append(self, batch)
        appends.append(outcomes)
        if len(appends) == 10 and not os.path.exists(os.environ["DIED_UNTOLD"]):
            open(os.environ["DIED_UNTOLD"], "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
        return outcomes

    PostgresStore.append = dies_untold
"""
#: A mutant: an app that takes no notice of what a request was sent under.
KEYLESS = """
    from heard.engine.node import Node

    ask = Node.ask
    Node.ask = lambda self, command, *, by, scope="", key=None, request=b"": ask(self, command, by=by)
"""
#: A mutant: an app that begins to render where the journal ends, and not where it had come to.
SKIPS = """
import sys

if any("heard.web.process" in word for word in sys.orig_argv):
    from heard.coverage.frames import Painter

    began = Painter.__init__

    def skips(self, journal, tables, doors, file):
        began(self, journal, tables, doors, file)
        if file.position():
            file.put(journal.store.position(), [])

    Painter.__init__ = skips
"""


def test_every_word_is_kept_once_and_sent_once_whatever_dies(tmp_path: Path, mutant: Callable[[str], None]) -> None:
    mutant(DIES_UNTOLD)  # no mutant: a death at the worst moment, besides those that come at any
    last = (two_lead_for_a_while, standby_promoted) if SOAK else (standby_promoted,)
    faults = [fault for _ in range(ROUNDS) for fault in (*random.sample(FAULTS, len(FAULTS)), *last)]
    with pair() as servers:
        outcome = through(tmp_path, servers.address(servers.leads.fresh()), faults, servers)
    print(outcome)
    assert (tmp_path / "died-untold").exists()
    assert outcome.is_clean, outcome


def test_control_a_node_that_forgets_keys_is_caught_doubling(
    postgres: Cluster, tmp_path: Path, mutant: Callable[[str], None]
) -> None:
    mutant(DIES_UNTOLD + KEYLESS)
    assert through(tmp_path, postgres.fresh(), ()).doubled


def test_control_a_node_that_goes_on_at_the_end_is_caught_skipping(
    postgres: Cluster, tmp_path: Path, mutant: Callable[[str], None]
) -> None:
    mutant(SKIPS)
    assert through(tmp_path, postgres.fresh(), (app_killed, app_killed)).gaps


@long
def test_control_a_standby_that_was_not_waited_for_is_caught_losing_and_no_node_goes_on_with_it(tmp_path: Path) -> None:
    with pair() as servers:
        journal = servers.address(servers.leads.fresh())
        with at_work(tmp_path, journal) as (nodes, writers, pages):
            servers.wait_for_standby(False)
            servers.cut_standby()
            writers.more_than(BETWEEN)
            servers.promote()
            for node in nodes:
                wait_until(lambda node=node: SAID in node.said(), PATIENCE_S)
        lost = counted(writers, pages.pages, kept(tmp_path / "afterwards", journal))
    assert lost.lost and lost.never_written, lost


@pytest.mark.parametrize(
    ("sent", "caught"),
    [
        ([Sent(1, ("a",)), Sent(2, ("b",)), Sent(3, ("a",))], "doubles"),
        ([Sent(2, ("b",)), Sent(1, ("a",))], "disorder"),
        ([Sent(2, ("b",))], "gaps"),
        ([Sent(1, ("a",))], "gaps"),
        ([Sent(1, ("a",)), Sent(2, ("b", "c"))], "never_written"),
        ([Sent(1, ("a",)), Sent(2, ("b",))], None),
    ],
)
def test_control_a_page_that_was_sent_anything_else_is_caught(sent: list[Sent], caught: str | None) -> None:
    page = Page([], SLUG, roams=False)
    page.lives, page.last_id = [(0, sent)], b"epoch.%d" % sent[-1].position
    outcome = counted(Writers([], ""), [page], Kept({"a": 1, "b": 2}, {"one": ["a"], "two": ["b"]}, 2))
    assert outcome.is_clean is (caught is None)
    assert caught is None or getattr(outcome, caught), outcome
