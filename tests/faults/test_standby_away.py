"""A standby that is waited for goes away: nobody can publish, as was asked for; pages stay, the app lives and can begin
anew, and whoever sends again finds what was kept."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from threading import Thread

import httpx2
import pytest

from tests.faults.nodes import SLUG, HeardNode, long, open_case
from tests.faults.told_and_kept import kept
from tests.postgres import pair
from tests.server import administrator
from tests.waiting import wait_until

PATIENCE_S = 60
#: The loop waits two seconds at most, for whatever it is; five of silence are taken for its death.
ANSWERS_WITHIN_S = 4.5


def send(node: HeardNode, token: str, key: str) -> httpx2.Response:
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
    return httpx2.post(
        f"{node.address}/api/v1/cases/{SLUG}/posts", json={"text": f"mark={key};"}, headers=headers, timeout=30
    )


def send_in_vain(node: HeardNode, token: str, key: str) -> None:
    with suppress(httpx2.HTTPError):  # its app is killed meanwhile
        send(node, token, key)


def page_in_time(node: HeardNode) -> bool:
    began = time.monotonic()
    answer = httpx2.get(f"{node.address}/{SLUG}/", timeout=30)
    return answer.status_code == 200 and time.monotonic() - began < ANSWERS_WITHIN_S


@pytest.mark.faults
@long
def test_a_node_lives_while_no_commit_comes_to_its_end(tmp_path: Path) -> None:
    with pair() as servers:
        node = HeardNode(tmp_path / "data", servers.address(servers.leads.fresh()))
        token, _ = administrator(node.data, node.journal)
        node.start()
        open_case(node, token)
        told = send(node, token, "kept").json()
        servers.follows.stop()
        waits = Thread(target=send_in_vain, args=(node, token, "waits"))
        waits.start()
        time.sleep(0.5)
        assert page_in_time(node)
        node.kill_app()
        waits.join()
        wait_until(lambda: page_in_time(node), PATIENCE_S)
        # The lock is held by the session of the app that was killed, until its commit comes to its end.
        again = Thread(target=send_in_vain, args=(node, token, "kept"))
        again.start()
        time.sleep(0.1)
        assert page_in_time(node)
        again.join()
        assert send(node, token, "kept").status_code == 503
        assert "child_silent" not in node.said()
        servers.follows.start()
        wait_until(lambda: send(node, token, "kept").status_code == 201, PATIENCE_S)
        assert send(node, token, "kept").json() == told
        waited = send(node, token, "waits").json()
        assert send(node, token, "after").json()["position"] == waited["position"] + 1
        node.close()
        found = kept(tmp_path / "afterwards", node.journal)
        assert (found.ids["kept"], found.ids["waits"]) == ([told["id"]], [waited["id"]])
