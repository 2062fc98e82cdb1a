"""Who is measured: each system started as its users start it, with the request that publishes and the one that reads.

All send the same number of bytes for an event: as many as Heard's frame of a short post has.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.server import running

PEERS = Path(__file__).with_name("peers")
CACHE = Path(__file__).parents[1] / ".cache" / "bench"
NCHAN_MODULE = Path("/usr/lib/nginx/modules/ngx_nchan_module.so")
MARK = "mark=00000000;"
ACCEPT = "Accept: text/event-stream"
EVENT_BYTES = 610
"""On the wire, all of it. Some 510 are what Heard says around the words; the notes of peers measured the same size."""

START_S = 30


@dataclass
class System:
    """A server that runs: `edges` are the processes that send, `all` the whole of it."""

    port: int
    edges: Callable[[], list[int]]
    all: Callable[[], list[int]]
    stream: bytes
    publish: bytes
    server: object = None


def compiled(name: str) -> Path:
    """Our own C program, built when its source has changed."""
    CACHE.mkdir(parents=True, exist_ok=True)
    source, program = PEERS / f"{name}.c", CACHE / name
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        subprocess.run(["cc", "-O2", "-Wall", "-o", str(program), str(source)], check=True)
    return program


def request(method: str, path: str, body: str = "", *fields: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: bench", *fields]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def children(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    for each in found:
        with suppress(OSError):
            for task in os.listdir(f"/proc/{each}/task"):
                found += map(int, Path(f"/proc/{each}/task/{task}/children").read_text().split())
    return found


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextmanager
def _process(argv: list[str], port: int) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        give_up_at = time.monotonic() + START_S
        while True:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            if time.monotonic() > give_up_at or process.poll() is not None:
                process.kill()
                assert process.stderr is not None
                raise RuntimeError(f"{argv[0]} did not start: {process.stderr.read().decode()[-500:]}")
            time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _simple(process: subprocess.Popen[bytes], port: int, around: int, publish: str = "/publish") -> System:
    """`around`: how many bytes an event has on this server's wire besides the published words."""
    words = MARK + " " + "x" * (EVENT_BYTES - around - len(MARK) - 1)

    def all_pids() -> list[int]:
        return children(process.pid)

    return System(port, all_pids, all_pids, request("GET", "/stream", "", ACCEPT), request("POST", publish, words))


@contextmanager
def limit(folder: Path) -> Iterator[System]:
    port = _free_port()
    with _process([str(compiled("limit")), str(port)], port) as process:
        yield _simple(process, port, len("id: limit.1\nevent: change\ndata: \n\n"))


@contextmanager
def nchan(folder: Path) -> Iterator[System]:
    port = _free_port()
    os.chmod(folder, 0o755)
    written = (PEERS / "nchan.conf").read_text().replace("FOLDER", str(folder)).replace("PORT", str(port))
    (folder / "nginx.conf").write_text(written)
    with _process(["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")], port) as process:
        yield _simple(process, port, len("id: 1700000000:0\ndata: \n\n"))


@contextmanager
def sse_starlette(folder: Path) -> Iterator[System]:
    port = _free_port()
    argv = [str(CACHE / "venv/bin/python"), "-m", "uvicorn", "--app-dir", str(PEERS), "--port", str(port)]
    argv += [
        "--loop",
        "uvloop",
        "--http",
        "httptools",
        "--no-access-log",
        "--log-level",
        "critical",
        "--backlog",
        "4096",
    ]
    with _process([*argv, "sse_starlette_app:app"], port) as process:
        yield _simple(process, port, len("event: change\r\ndata: \r\n\r\n") + len("262\r\n\r\n"))


@contextmanager
def heard(folder: Path, *options: str, event_bytes: int = EVENT_BYTES) -> Iterator[System]:
    """The real server: a journal on disk, each post committed and synced, published over the API."""
    with running(folder / "data", *options) as server:
        port = int(server.address.rpartition(":")[2])
        slug = server.open_case("bench", "A case to measure")
        server.publish(slug, "The first post.")
        words = MARK + " " + "x" * (event_bytes - _heard_says_around(server, port, slug) - len(MARK) - 1)

        def named(child: str) -> list[int]:
            found = dict(re.findall(r"child_started child=([\w-]+) pid=(\d+)", "".join(server.said)))
            return [int(pid) for name, pid in found.items() if name.startswith(child)]

        fields = ("Content-Type: application/json", f"Authorization: Bearer {server.token}")
        publish = request("POST", f"/api/v1/cases/{slug}/posts", json.dumps({"text": words}), *fields)
        stream = request("GET", f"/live/{slug}", "", ACCEPT)
        yield System(port, lambda: named("edge"), lambda: children(server.process.pid), stream, publish, server)


def _heard_says_around(server: object, port: int, slug: str) -> int:
    with socket.create_connection(("127.0.0.1", port), 10) as reader:
        reader.sendall(request("GET", f"/live/{slug}", "", ACCEPT))
        came = b""
        while b"\nid: " not in came:
            came += reader.recv(65536)
        server.publish(slug, "The second post.")  # type: ignore[attr-defined]
        came = b""
        while not came.endswith(b"\n\n") or b"event: change" not in came:
            came += reader.recv(65536)
    return len(came) - len("The second post.")


SYSTEMS = {"limit": limit, "heard": heard, "nchan": nchan, "sse-starlette": sse_starlette}


def missing(name: str) -> str | None:
    """What to type so that a system can be measured; None if it can."""
    if name == "limit" and not shutil.which("cc"):
        return "apt-get install gcc"
    if name == "nchan" and not (shutil.which("nginx") and NCHAN_MODULE.exists()):
        return "apt-get install --no-install-recommends nginx-light libnginx-mod-nchan"
    if name == "sse-starlette" and not (CACHE / "venv/bin/uvicorn").exists():
        return "make bench-fanout"
    return None
