"""A newcomer's first minutes: clone into a folder with a space in its name, `make run`, read, stop, `make run` again.

Prints one line a check and closes with `first_run: N passed, N failed`; exits 1 if any failed.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FIRST_START_SECONDS = 180  # promised to a newcomer, set-up included
SECOND_START_SECONDS = 60  # "at once" on a slow and busy machine; a start without set-up takes a few seconds
NEXT_POST_SECONDS = 60

passed = failed = 0


def check(name: str, holds: bool, detail: str = "") -> None:
    """Count one check and say how it went."""
    global passed, failed
    passed, failed = passed + holds, failed + (not holds)
    print(f"{'ok  ' if holds else 'FAIL'} {name}{f' ({detail})' if detail else ''}", flush=True)


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="heard first run ") as folder:
        clone = Path(folder) / "heard"
        subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
        first = start_and_read(clone, "first start", FIRST_START_SECONDS, wait_for_a_post=True)
        second = start_and_read(clone, "second start", SECOND_START_SECONDS, wait_for_a_post=False)
        check("the second start repeats no set-up", "Setting up" in first and "Setting up" not in second)
    print(f"first_run: {passed} passed, {failed} failed")
    return 1 if failed else 0


def start_and_read(clone: Path, name: str, limit_seconds: int, *, wait_for_a_post: bool) -> str:
    """Run `make run` until its page is complete, then stop it as Ctrl+C does; returns what it printed."""
    port, log = free_port(), clone.parent / f"{name}.log"
    began = time.monotonic()
    with log.open("wb") as out:
        run = subprocess.Popen(
            ["make", "run"],
            cwd=clone,
            stdout=out,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            env={**os.environ, "HEARD_PORT": str(port)},
        )
        try:
            page = until(lambda: live_page(port), limit_seconds, run)
            took = f"{time.monotonic() - began:.0f} s"
            check(f"{name}: a page with posts, complete without script", page is not None, took)
            if page and wait_for_a_post:
                later = until(lambda: more_posts(port, page), NEXT_POST_SECONDS, run)
                check(f"{name}: a later post arrives", later is not None)
        finally:
            os.killpg(run.pid, signal.SIGINT)
            try:
                run.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(run.pid, signal.SIGKILL)
                run.wait()
                check(f"{name}: stops within 20 s of Ctrl+C", False)
    said = log.read_text("utf-8", "replace")
    check(f"{name}: prints the reader's address and a one-time link", f":{port}/" in said and "/desk/sign-in/" in said)
    check(f"{name}: prints no traceback", "Traceback" not in said)
    if failed:
        print(said[-4000:])
    return said


def until(ask: Callable[[], str | None], limit_seconds: int, run: subprocess.Popen[bytes]) -> str | None:
    """Ask again and again until there is an answer, the time is up, or the process has ended."""
    end = time.monotonic() + limit_seconds
    while time.monotonic() < end and run.poll() is None:
        if answer := ask():
            return answer
        time.sleep(0.5)
    return None


def live_page(port: int) -> str | None:
    """The coverage page that the front page links to, once it holds posts."""
    front = get(port, "/")
    for path in re.findall(r'href="(/[a-z0-9][a-z0-9-]*/)"', front or ""):
        page = get(port, path)
        if page and posts_in(page) > 0:
            return f"{path}\n{page}"
    return None


def more_posts(port: int, before: str) -> str | None:
    path, page = before.split("\n", 1)
    now = get(port, path)
    return now if now and set(post_ids(now)) - set(post_ids(page)) else None


def post_ids(page: str) -> list[str]:
    return re.findall(r'<article[^>]*\bid="([^"]+)"', page)


def posts_in(page: str) -> int:
    return len(post_ids(page))


def get(port: int, path: str) -> str | None:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return str(answer.read().decode("utf-8"))
    except (OSError, urllib.error.URLError):
        return None


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


if __name__ == "__main__":
    assert shutil.which("git") and shutil.which("make"), "git and make are needed"
    sys.exit(main())
