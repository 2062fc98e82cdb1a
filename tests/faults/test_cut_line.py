"""A node in a network of its own, whose line to PostgreSQL is cut without a word: it says that its pages may be old and
refuses the signed-in, the other goes on, and when the line is there again nothing is lost, doubled or missed, and what
fell due meanwhile was written once."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from tests.faults.lines import apart
from tests.faults.nodes import SLUG, SOAK, HeardNode, pause, two_nodes
from tests.faults.open_pages import OpenPages
from tests.faults.told_and_kept import PATIENCE_S, Writers, counted, kept
from tests.postgres import cluster
from tests.waiting import wait_until

pytestmark = [pytest.mark.faults, pytest.mark.timeout(3600)]

#: Shorter and longer than anyone waits for the other side, which is ten seconds at most.
CUTS_S = (1, 4, 13) * 3 if SOAK else (4,)
READERS = 40 if SOAK else 10
#: Asking takes two seconds, and looking comes once a second.
SAYS_SO_WITHIN_S = 8
#: What an app does now and then it does all the time, so that a cut meets all of it.
HURRIED = """
import heard.web.resuming
heard.web.resuming.KEEP_EVERY_S = 0.3
"""


def test_a_line_that_is_cut_costs_nobody_a_word(tmp_path: Path, mutant: Callable[[str], None]) -> None:
    mutant(HURRIED)
    with apart() as network, cluster() as server:
        server.answer_also_at(network.database, network.net)
        server.restart("fast")
        journal = server.fresh()
        far = HeardNode(tmp_path / "far", journal.replace("127.0.0.1", network.database), network.node, network.within)
        with two_nodes(tmp_path, journal, far) as (near, _, token):
            pages = OpenPages([(near.host, near.port), (far.host, far.port)], SLUG, READERS)
            writers = Writers([near, far], token)
            wait_until(pages.stand, PATIENCE_S)
            with writers.at_work():
                writers.more_than(20)
                for number, seconds in enumerate(CUTS_S):
                    pause(near, token, f"paused-{number}", 1)
                    until = time.monotonic() + seconds
                    with network.cut("database"):
                        writers.more_than(20)  # at the near one
                        if seconds > 3:
                            says_that_it_may_be_old(far, token)
                        time.sleep(max(0.0, until - time.monotonic()))
                    wait_until(lambda: "heard-stale" not in page_of(far).headers, PATIENCE_S)
                    writers.more_than(20)
                    with network.cut("outside"):
                        time.sleep(seconds / 4)
                    writers.more_than(20)
            newest = max(at for _, at in writers.acknowledged.values())
            wait_until(lambda: pages.stand(newest), PATIENCE_S)
            pages.close()
            said = "\n".join(("The far node:", far.said(), "The near one:", near.said()))
            assert len(far.started("app")) == 1, f"its app did not outlive it\n{said}"
        found = kept(tmp_path / "afterwards", journal)
    outcome = counted(writers, pages.pages, found)
    print(outcome)
    assert outcome.is_clean, f"{outcome}\n{said}"
    assert found.ran_over == len(CUTS_S), "each once, on a node that was there"


def page_of(node: HeardNode) -> httpx2.Response:
    return httpx2.get(f"{node.address}/{SLUG}/", timeout=10)


def says_that_it_may_be_old(node: HeardNode, token: str) -> None:
    """Its pages are marked, in words too; whoever is signed in is refused."""
    wait_until(lambda: "heard-stale" in page_of(node).headers, SAYS_SO_WITHIN_S)
    assert "This page may be out of date" in page_of(node).text
    desk = httpx2.get(f"{node.address}/api/v1/cases", headers={"Authorization": f"Bearer {token}"}, timeout=10)
    assert desk.status_code == 503 and desk.headers["retry-after"], desk.text
