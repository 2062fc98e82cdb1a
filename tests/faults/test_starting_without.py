"""A node that starts, or whose app is replaced, while its PostgreSQL server is away: it says so in a sentence, and
begins by itself when the server is back."""

from __future__ import annotations

import time
from pathlib import Path

import httpx2

from tests.faults.nodes import SLUG, HeardNode, open_case
from tests.faults.open_pages import OpenPages
from tests.postgres import cluster
from tests.server import administrator
from tests.waiting import wait_until

PATIENCE_S = 60


def test_a_node_without_its_server_says_so_and_begins_when_it_is_back(tmp_path: Path) -> None:
    with cluster() as server:
        node = HeardNode(tmp_path / "data", server.fresh())
        token, _ = administrator(node.data, node.journal)
        server.stop()
        node.begin()
        wait_until(lambda: "Heard waits for it" in node.said(), PATIENCE_S)
        time.sleep(2.5)
        assert node.said().count("cannot be reached") == 1, node.said()
        assert "Heard is at" not in node.said() and "Traceback" not in node.said()
        server.start()
        wait_until(node.answers, PATIENCE_S)
        open_case(node, token)
        pages = OpenPages([(node.host, node.port)], SLUG, 2)
        wait_until(pages.stand, PATIENCE_S)
        server.stop()
        node.kill_app()
        wait_until(lambda: "cannot_serve" in node.said(), PATIENCE_S)
        assert "cannot be reached" in node.said() and "Traceback" not in node.said()
        server.start()
        wait_until(node.answers, PATIENCE_S)
        posts, signed_in = f"{node.address}/api/v1/cases/{SLUG}/posts", {"Authorization": f"Bearer {token}"}
        told = httpx2.post(posts, json={"text": "Said after."}, headers=signed_in).json()
        wait_until(lambda: pages.stand(told["position"]), PATIENCE_S)
        assert all(page.opened == 1 for page in pages.pages), "a reader had to come back"
        paused = {"state": "paused", "for": "PT1S"}
        told = httpx2.post(f"{node.address}/api/v1/cases/{SLUG}/state", json=paused, headers=signed_in).json()
        wait_until(lambda: pages.stand(told["position"] + 1))  # and its clock runs
        assert "which has passed" in httpx2.get(f"{node.address}/{SLUG}/").text
        pages.close()
        node.close()
