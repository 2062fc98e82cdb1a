"""Positions taken in over HTTP by a real server: in batches of a hundred lines, and one a request; each is on the disk,
sealed, before its answer.

Prints fixes a second by the wall clock and by each second of the server's own processor time (app and edge together),
beside the disk's own rate of syncs in the same run. The phones are in this process, on the other core.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from bench.publish import syncs
from heard.accounts import commands as account_commands
from heard.accounts import projection as accounts
from heard.engine import now
from heard.opening import open_house
from heard.watch import commands, feeds
from heard.watch.areas import Area
from tests.server import Server, running

PHONES, BATCHES, LINES, SINGLE = 20, 40, 100, 100
METRE = 1 / 111_195


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        secrets = _on_duty(data)
        with running(data) as server:
            for name, each, lines in (("batches of 100", BATCHES, LINES), ("one a request", SINGLE, 1)):
                began, cpu = time.perf_counter(), cpu_s(server)
                asyncio.run(_all(server, secrets, each, lines))
                wall, cpu = time.perf_counter() - began, cpu_s(server) - cpu
                fixes = len(secrets) * each * lines
                print(
                    f"  {name}: {fixes:,} fixes, {fixes / wall:,.0f}/s, {fixes / cpu:,.0f} a second of the server's "
                    f"processor ({cpu / wall:.2f} cores)"
                )
        print(f"  the disk: {syncs(Path(folder)):,.0f} syncs/s")


def _on_duty(data: Path) -> list[str]:
    """So many holders who have been on duty for an hour, each with a phone; the phones' secrets."""
    house, secrets = open_house(data), list[str]()
    with now.held_at(datetime.now(UTC) - timedelta(hours=3)):
        station = house.node.do(commands.set_station("The gate"), by="operator").stream
        house.node.do(feeds.set_area(station, Area((52.0, 0.0), 25)), by="operator")
        for number in range(PHONES):
            email = f"holder{number}@heard.example"
            house.node.do(account_commands.add_account(email, "holder"), by="operator")
            holder = accounts.by_email(house.tables, email).id
            house.node.do(commands.post_holder(station, holder), by="operator")
            house.node.do(commands.begin_duty(station, holder), by=holder)
            feed = house.node.do(feeds.add_phone(holder), by=holder).stream
            secrets.append(feeds.new_address(house.vault, feed))
    house.close()
    return secrets


async def _all(server: Server, secrets: list[str], each: int, lines: int) -> None:
    at = time.time() - 1
    await asyncio.gather(*(_phone(server, secret, n, at, each, lines) for n, secret in enumerate(secrets)))


async def _phone(server: Server, secret: str, number: int, until: float, each: int, lines: int) -> None:
    """One keep-alive connection that sends batch after batch of what was stored, a fix for each second."""
    host, port = urlsplit(server.address).hostname or "", urlsplit(server.address).port or 0
    reading, writing = await asyncio.open_connection(host, port)
    for batch in range(each):
        if lines == 1:  # as it is now; a batch is of what was stored
            until = time.time() + each - batch
        body = "\n".join(_line(until, number, each * lines, batch * lines + line) for line in range(lines)).encode()
        head = (
            f"POST /fixes/{secret} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-ndjson\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        writing.write(head.encode() + body)
        answer = await reading.readuntil(b"\r\n\r\n")
        length = next(line for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length"))
        told = await reading.readexactly(int(length.split(b":")[1]))
        assert f'"kept":{lines},'.encode() in told, (answer, told)
    writing.close()


def _line(until: float, number: int, count: int, n: int) -> str:
    """Near the gate but for a walk of a minute in every ten; as a receiver says it, a little other each time."""
    at = datetime.fromtimestamp(until - (count - n), UTC)
    metres = (60 if n % 600 > 540 else 3) + (n * 7 + number) % 11 / 10
    lat, stamp = 52 + metres * METRE, at.isoformat().replace("+00:00", "Z")
    return f'{{"kind":"position","who":"phone-{number}","t":"{stamp}","lat":{lat:.8f},"lon":0.00002,"acc":5}}'


def cpu_s(server: Server) -> float:
    """What the server's processes have used up to now, its children included."""
    ticks, group = 0, [server.process.pid]
    for pid in group:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
        group += [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return ticks / os.sysconf("SC_CLK_TCK")
