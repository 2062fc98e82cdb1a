"""From a post to the last of 1,000 open readers; and the same readers while the app is killed ten times.

Prints milliseconds from the moment the post is sent until the first, the middle and the last reader has it, what the
edge spent of processor time and memory for it, and, over the deaths, who lost their connection or missed a frame.
"""

from __future__ import annotations

import os
import re
import signal
import statistics
import tempfile
import threading
import time
from pathlib import Path

import httpx2

from tests.live.crowd import Crowd
from tests.server import Server, running

READERS, POSTS, DEATHS = 1000, 30, 10


def pid_of(server: Server, child: str) -> int:
    """The process in a child's place now."""
    return int(re.findall(rf"child_started child={child} pid=(\d+)", "".join(server.said))[-1])


def processor_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_kb(pid: int) -> int:
    return int(Path(f"/proc/{pid}/status").read_text().split("VmRSS:")[1].split()[0])


def publish(server: Server, slug: str, words: str) -> None:
    """On a connection of its own: one that was used before may die with the app that just answered on it.

    An app that takes longer than 5 s to begin lets the edge say 503: then as its Retry-After says.
    """
    address = f"{server.address}/api/v1/cases/{slug}/posts"
    token = {"Authorization": server.client.headers["Authorization"]}
    while (answer := httpx2.post(address, json={"text": words}, headers=token, timeout=30)).status_code == 503:
        time.sleep(float(answer.headers["retry-after"]))
    assert answer.status_code == 201, answer.text


def fan_out(server: Server, slug: str) -> None:
    """Posts one after another, each timed to its last reader."""
    edge = pid_of(server, "edge-1")
    before = memory_kb(edge)
    crowd = Crowd(_port(server), slug, READERS)
    held = memory_kb(edge) - before
    spent = processor_s(edge)
    first: list[float] = []
    middle: list[float] = []
    last: list[float] = []
    for number in range(POSTS):
        began = time.monotonic()
        asking = threading.Thread(target=publish, args=(server, slug, f"Post {number}. " + "x" * 500))
        asking.start()
        while any(len(page.positions) <= number for page in crowd.pages):
            crowd.read(0.005)
        asking.join()
        came = sorted(page.came_at[number] - began for page in crowd.pages)
        for times, at in ((first, 0), (middle, READERS // 2), (last, READERS - 1)):
            times.append(came[at])
    spent = processor_s(edge) - spent
    crowd.close()
    of = {"first": first, "middle": middle, "last": last}
    told = ", ".join(f"{name} {statistics.median(times) * 1000:.0f}" for name, times in of.items())
    print(f"post to reader           {told} ms (medians of {POSTS} posts, {READERS:,} readers)")
    print(
        f"the edge                 {spent / POSTS / READERS * 1e6:.1f} µs a delivery, {held / READERS:.2f} KiB a reader"
    )


def deaths(server: Server, slug: str) -> None:
    """Post, kill, post while the app is down; ten times."""
    crowd = Crowd(_port(server), slug, READERS)
    posted = 0
    down = []
    for number in range(DEATHS):
        publish(server, slug, f"Before death {number}.")
        os.kill(pid_of(server, "app"), signal.SIGKILL)
        began = time.monotonic()
        publish(server, slug, f"After death {number}.")
        down.append(time.monotonic() - began)
        posted += 2
        crowd.read(0.1)
    while any(page.is_open and len(page.positions) < posted for page in crowd.pages):
        crowd.read(0.05)
    lost = sum(posted - len(set(page.positions)) for page in crowd.pages)
    twice = sum(len(page.positions) - len(set(page.positions)) for page in crowd.pages)
    gone = crowd.disconnected()
    print(f"{DEATHS} deaths of the app     {gone} readers disconnected, {lost} frames missed, {twice} sent twice")
    print(f"a post while it is down  answered after {statistics.median(down):.2f} s")
    crowd.close()


def _port(server: Server) -> int:
    return int(server.address.rpartition(":")[2])


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "data") as server:
        slug = server.open_case("bench", "A case to measure")
        server.publish(slug, "The first post.")
        fan_out(server, slug)
        deaths(server, slug)


if __name__ == "__main__":
    main()
