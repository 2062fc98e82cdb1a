"""A real server for tests: `heard serve` as its own processes, on a port of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from heard.accounts import commands as account_commands
from heard.accounts import projection as accounts
from heard.opening import open_house
from heard.signing_in import link_for, token_for

START_S = 60
ADMINISTRATOR = "admin@heard.example"


class Server:
    """A running server: its address, its data, and an HTTP client with an editor's token."""

    def __init__(self, data: Path, process: subprocess.Popen[str], address: str, token: str, link: str) -> None:
        self.data, self.process, self.address, self.token, self.link = data, process, address, token, link
        self.said: list[str] = []
        self.client = httpx2.Client(base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=30)
        self.reader = httpx2.Client(base_url=address, timeout=30)

    def is_up(self) -> None:
        """Wait for the first app: on a crowded machine it takes longer than the edge lets a request wait."""
        give_up_at = time.monotonic() + START_S
        while self.reader.head("/").status_code == 503 and time.monotonic() < give_up_at:
            time.sleep(0.1)

    def post(self, path: str, body: object, **headers: str) -> httpx2.Response:
        return self.client.post(f"/api/v1{path}", json=body, headers=headers)

    def open_case(self, slug: str = "the-case", title: str = "The case") -> str:
        answer = self.post("/cases", {"slug": slug, "title": title})
        assert answer.status_code == 201, answer.text
        return slug

    def publish(self, slug: str, text: str, **more: object) -> str:
        answer = self.post(f"/cases/{slug}/posts", {"text": text, **more})
        assert answer.status_code in (201, 202), answer.text
        return str(answer.json()["id"])

    def page(self, path: str) -> str:
        return self.reader.get(path).text

    @contextmanager
    def signed_in(self) -> Iterator[httpx2.Client]:
        """The administrator at the desk, with the cookie of a session of its own; `link` is left unused."""
        house = open_house(self.data)
        house.node.catch_up()
        link = link_for(house, accounts.by_email(house.tables, ADMINISTRATOR).id)
        house.close()
        with httpx2.Client(base_url=self.address, timeout=60) as client:
            assert client.post(_path_of(link)).status_code == 303
            yield client


@contextmanager
def running(data: Path, *options: str, journal: str | None = None) -> Iterator[Server]:
    """Serve `data` until the block ends; an administrator is there already."""
    token, link = administrator(data, journal)
    argv = [sys.executable, "-m", "heard.cli", "serve", "--data", str(data), "--port", "0", *options]
    argv += ["--journal", journal] if journal else []
    process = subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ
    )
    said: list[str] = []
    address = _address(process, said)
    server = Server(data, process, address, token, address + link)
    server.said = said
    try:
        server.is_up()
        yield server
    finally:
        server.client.close()
        server.reader.close()
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def administrator(data: Path, journal: str | None) -> tuple[str, str]:
    house = open_house(data, journal=journal)
    house.node.catch_up()
    if not any(house.tables.execute("SELECT 1 FROM account WHERE email = ?", (ADMINISTRATOR,))):
        house.node.do(account_commands.add_account(ADMINISTRATOR, "administrator", "Ada Desk"), by="operator")
    token = token_for(house, ADMINISTRATOR, "admin")
    link = link_for(house, accounts.by_email(house.tables, ADMINISTRATOR).id)
    house.close()
    return token, _path_of(link)


def _path_of(link: str) -> str:
    return "/desk/sign-in/" + link.split("/desk/sign-in/")[1]


def _address(process: subprocess.Popen[str], said: list[str]) -> str:
    """The address that the server says it has, once it says so; all it says is put into `said`."""
    assert process.stdout is not None
    timer = threading.Timer(START_S, process.kill)
    timer.start()
    for line in process.stdout:
        said.append(line)
        if found := re.search(r"http://[\d.:\[\]]+", line):
            timer.cancel()
            threading.Thread(target=said.extend, args=(process.stdout,), daemon=True).start()
            return found.group()
    raise AssertionError("the server did not start:\n" + "".join(said))
