"""The leader of the journal is cut off together with a node, and its standby is promoted on this side: until the line
is mended two servers take writes. The node on the far side acknowledges nothing, and comes over when it can."""

from __future__ import annotations

import time
from pathlib import Path

import httpx2
import pytest

from tests.faults.lines import apart
from tests.faults.nodes import SLUG, SOAK, HeardNode, long, pause, two_nodes
from tests.faults.open_pages import OpenPages
from tests.faults.told_and_kept import PATIENCE_S, Writers, counted, kept
from tests.postgres import Pair, cluster, folder_for_postgres
from tests.waiting import wait_until

READERS = 40 if SOAK else 10
#: An append is given up after ten seconds, and its answer lost after twelve.
GIVES_UP_S = 30


@pytest.mark.faults
@long
@pytest.mark.timeout(600)
def test_a_leader_that_is_cut_off_acknowledges_nothing_and_its_node_comes_over(tmp_path: Path) -> None:
    with (
        apart() as network,
        cluster(network.beyond, network.net, network.within) as leader,
        folder_for_postgres() as folder,
    ):
        servers = Pair(leader, folder, (network.database, network.net))
        journal = leader.fresh()
        here = servers.address(journal, network.beyond, "127.0.0.1")
        there = servers.address(journal, "127.0.0.1", network.database)
        far = HeardNode(tmp_path / "far", there, network.node, network.within)
        with two_nodes(tmp_path, here, far) as (near, _, token):
            pages = OpenPages([(near.host, near.port), (far.host, far.port)], SLUG, READERS)
            writers = Writers([near, far], token)
            wait_until(pages.stand, PATIENCE_S)
            with writers.at_work():
                writers.more_than(20)
                with network.cut("database", within=True):
                    servers.promote_beside()
                    began = time.monotonic()
                    writers.more_than(20)
                    print(f"20 acknowledged {time.monotonic() - began:.1f} s after the promotion")
                    pause(near, token, "paused", 1)
                    assert refuses(far, token), "its leader waits for a standby that it will never have again"
                    writers.more_than(20)
                began = time.monotonic()
                wait_until(lambda: takes(far, token), PATIENCE_S)
                print(f"the far node wrote {time.monotonic() - began:.1f} s after the line was mended")
                leader.restart("immediate")  # and now shows what it had half done, to whoever asks it
                writers.more_than(20)
            newest = max(at for _, at in writers.acknowledged.values())
            wait_until(lambda: pages.stand(newest), PATIENCE_S)
            pages.close()
        found = kept(tmp_path / "afterwards", here)
        servers.close()
    found.ids.pop("of the test", None)
    outcome = counted(writers, pages.pages, found)
    print(outcome)
    assert outcome.is_clean, outcome
    assert found.ran_over == 1


def post(node: HeardNode, token: str) -> httpx2.Response:
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "of the test"}
    body = {"text": "mark=of the test;"}
    return httpx2.post(f"{node.address}/api/v1/cases/{SLUG}/posts", json=body, headers=headers, timeout=GIVES_UP_S)


def refuses(node: HeardNode, token: str) -> bool:
    return post(node, token).status_code == 503


def takes(node: HeardNode, token: str) -> bool:
    return post(node, token).status_code == 201
