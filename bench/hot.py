"""A page that everyone asks for, beside nginx sending a file of the same bytes; and a long case beside a short one.

Requests for each second of CPU that the sending process used (wrk asks on 50 connections), in rounds that alternate.
"""

from __future__ import annotations

import shutil
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.fanout_peers import children
from bench.live import pid_of, processor_s
from tests.server import Server, running

ROUNDS, SECONDS, CONNECTIONS = 3, 2, 50
# The short case fills one page, as the first page of the long one does: what differs is what lies behind it. Of ten
# posts a page is a fifth as long, too.
POSTS, LONG, SHORT, TEN, TIMES = 50, 10_000, 50, 10, 40
WORDS = "The witness told the inquest that nobody had read the instruction. " * 4
NGINX = """daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{ access_log off; sendfile on; tcp_nopush on; open_file_cache max=100; keepalive_requests 1000000000;
    types {{ text/html html; }} client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
    uwsgi_temp_path {folder}; scgi_temp_path {folder};
    server {{ listen 127.0.0.1:{port}; root {folder}; }} }}
"""


def main() -> None:
    missing = [name for name in ("wrk", "nginx") if not shutil.which(name)]
    if missing:
        print(f"not measured against nginx: {' and '.join(missing)} not found (apt install wrk nginx-light)")
    with tempfile.TemporaryDirectory() as place, running(Path(place) / "data") as server:
        filled(server, "short", SHORT)
        if not missing:
            hot(server, Path(place))
        filled(server, "long", LONG)
        filled(server, "ten", TEN)
        lengths(server)


def filled(server: Server, slug: str, posts: int) -> None:
    server.open_case(slug, "A case to measure")
    for number in range(posts):
        server.publish(slug, f"{number}. {WORDS}")


# Beside nginx -------------------------------------------------------------------------------------------------------


def hot(server: Server, folder: Path) -> None:
    filled(server, "hot", POSTS)
    address = f"{server.address}/hot/"
    with server.reader.stream("GET", address, headers={"Accept-Encoding": "gzip"}) as answer:
        (folder / "page.html").write_bytes(b"".join(answer.iter_raw()))
        tag = answer.headers["etag"]
    edge = pid_of(server, "edge-1")
    with nginx(folder) as (port, workers):
        same = f"http://127.0.0.1:{port}/page.html"
        its_tag = server.reader.get(same).headers["etag"]
        for name, ours, its in (("page", "", ""), ("304", tag, its_tag)):
            rates: dict[str, list[float]] = {"heard": [], "nginx": []}
            for _ in range(ROUNDS):
                rates["heard"].append(rate(address, ours, lambda: processor_s(edge)))
                rates["nginx"].append(rate(same, its, lambda: sum(map(processor_s, workers()))))
            heard, peer = (statistics.median(rates[name]) for name in ("heard", "nginx"))
            print(f"{name:<6} {heard:8,.0f} a core-second   nginx {peer:8,.0f}   {heard / peer:.2f} ×")


def rate(address: str, tag: str, cpu: Callable[[], float]) -> float:
    """Answers for each second of CPU."""
    asked = ["-H", "Accept-Encoding: gzip", *(["-H", f"If-None-Match: {tag}"] if tag else [])]
    before = cpu()
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", *asked, address]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    [answered] = [line.split()[0] for line in said.splitlines() if "requests in" in line]
    assert "Non-2xx" not in said, said
    return int(answered) / (cpu() - before)


@contextmanager
def nginx(folder: Path) -> Iterator[tuple[int, Callable[[], list[int]]]]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port))
    process = subprocess.Popen(["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")])
    time.sleep(1)
    try:
        yield port, lambda: children(process.pid)
    finally:
        process.terminate()
        process.wait()


# Long and short -----------------------------------------------------------------------------------------------------


def lengths(server: Server) -> None:
    """A post published, its page made anew and that page asked for again, in cases of these lengths, by turns."""
    took: dict[str, dict[str, list[float]]] = {what: {} for what in ("post", "page made anew", "page from memory")}
    for number in range(TIMES):
        for slug in ("ten", "short", "long"):
            for what, act, on in (
                ("post", server.publish, (slug, f"One more, {number}. {WORDS}")),
                ("page made anew", server.page, (f"/{slug}/",)),
                ("page from memory", server.page, (f"/{slug}/",)),
            ):
                if slug != "ten" or number < TEN:  # or it would be ten no longer
                    took[what].setdefault(slug, []).append(_took(act, *on))
    for what, of in took.items():
        ten, short, long = (statistics.median(of[slug]) * 1000 for slug in ("ten", "short", "long"))
        print(
            f"{what:<17} {long:6.1f} ms of {LONG:,} posts   {short:6.1f} ms of {SHORT}   {long / short:.2f} ×"
            f"   {ten:6.1f} ms of {TEN} to {2 * TEN}   {long / ten:.2f} ×"
        )


def _took(act: Callable[..., object], *on: str) -> float:
    began = time.perf_counter()
    act(*on)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
