"""From a retraction to the last of 1,000 open readers, alone and while 5,000 others come back; and to its receipt.

Milliseconds from sending the retraction to each reader's having the notice: every reader of every retraction counts, so
p99 is that of 1,000 × RETRACTIONS times. Then, behind Varnish, the seconds from the retraction to its receipt, with how
much is proven gone. The same number of posts is published to the same readers, to compare with.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.live.crowd import Crowd
from tests.proxies import fronts
from tests.proxies.receipts import receipt_of
from tests.server import Server, running

READERS, COMING_BACK, RETRACTIONS, RECEIPTS = 1_000, 5_000, 30, 10
GOAL_MS, GOAL_RECEIPT_S = 1_000, 5.0
PATIENCE_S = 60
#: Opens so many streams, closes them and opens them again, until it is told to stop.
STORM = """
import sys, time
from tests.live.crowd import Crowd
print("coming", flush=True)
while True:
    crowd = Crowd(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
    crowd.close()
    print("came", flush=True)
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        folder, port = Path(place), fronts.free_port()
        with running(folder / "data", "--cache", f"http://127.0.0.1:{port}/") as server:
            slug = server.open_case("bench", "A case of which things are withdrawn")
            server.post(f"/cases/{slug}/state", {"state": "live"})
            crowd = Crowd(_port(server), slug, READERS)
            posts = [_publish(server, slug, number) for number in range(2 * RETRACTIONS)]
            read_what_came(crowd)
            print(_line("a post", timed(server, crowd, lambda number: _publish(server, slug, number))))
            print(_line("a retraction", timed(server, crowd, lambda number: _retract(server, posts[number]))))
            with storm(server, slug) as came:
                told = timed(server, crowd, lambda number: _retract(server, posts[RETRACTIONS + number]))
            print(_line("while 5,000 come back", told) + f"   ({came()} times)")
            crowd.close()
            receipts(server, slug, folder, port)


def timed(server: Server, crowd: Crowd, do: Callable[[int], object]) -> list[float]:
    """Milliseconds until each reader had the frame, of each of RETRACTIONS."""
    took: list[float] = []
    for number in range(RETRACTIONS):
        seen = [len(page.positions) for page in crowd.pages]
        began = time.monotonic()
        asking = threading.Thread(target=do, args=(number,))
        asking.start()
        while any(len(page.positions) <= had for page, had in zip(crowd.pages, seen, strict=True)):
            assert time.monotonic() - began < PATIENCE_S, "not all were told"
            crowd.read(0.005)
        asking.join()
        took += [(page.came_at[had] - began) * 1e3 for page, had in zip(crowd.pages, seen, strict=True)]
    assert crowd.disconnected() == 0
    return sorted(took)


def read_what_came(crowd: Crowd) -> None:
    position = -1
    while (newest := max(page.positions[-1] if page.positions else 0 for page in crowd.pages)) != position:
        position = newest
        crowd.read(1.0)


@contextmanager
def storm(server: Server, slug: str) -> Iterator[Callable[[], int]]:
    """5,000 others who come back again and again meanwhile; how often they all did."""
    argv = [sys.executable, "-c", STORM, str(_port(server)), slug, str(COMING_BACK)]
    others = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    said: list[str] = []
    assert others.stdout is not None
    said.append(others.stdout.readline())
    threading.Thread(target=said.extend, args=(others.stdout,), daemon=True).start()
    try:
        yield lambda: len(said) - 1
    finally:
        others.kill()
        others.wait()


def receipts(server: Server, slug: str, folder: Path, port: int) -> None:
    """Seconds to the receipt, with Varnish in front that is told."""
    if fronts.found("varnish") is None:
        print("varnish is not on this machine")
        return
    with fronts.running("varnish", server.address, folder / "varnish", port):
        took, proven, asked = list[float](), 0, 0
        for number in range(RECEIPTS):
            post = _publish(server, slug, number)
            began = time.monotonic()
            _retract(server, post)
            told, _ = receipt_of(server, post)
            took.append(time.monotonic() - began)
            proven += len(told["proven_gone"])
            asked += len(told["proven_gone"]) + len(told["not_proven"])
    took.sort()
    verdict = "met" if took[-1] <= GOAL_RECEIPT_S else "NOT met"
    print(
        f"{'its receipt':<22} p50 {took[len(took) // 2]:5.2f} s, most {took[-1]:5.2f} s, proven gone {proven} of "
        f"{asked} addresses   goal {GOAL_RECEIPT_S:.0f} s: {verdict}"
    )


def _line(what: str, took: list[float]) -> str:
    p50, p99 = took[len(took) // 2], took[int(len(took) * 0.99)]
    verdict = "met" if p99 <= GOAL_MS else "NOT met"
    return f"{what:<22} p50 {p50:5.0f} ms, p99 {p99:5.0f} ms, last {took[-1]:5.0f} ms   goal {GOAL_MS:,} ms: {verdict}"


def _publish(server: Server, slug: str, number: int) -> str:
    return server.publish(slug, f"Post {number}: the witness told the inquest that nobody had read it. " + "x" * 400)


def _retract(server: Server, post: str) -> None:
    assert server.post(f"/posts/{post}/retraction", {"reason": "a test"}).is_success


def _port(server: Server) -> int:
    return int(server.address.rpartition(":")[2])


if __name__ == "__main__":
    main()
