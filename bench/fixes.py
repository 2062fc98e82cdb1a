"""Positions taken in over HTTP by a real server: in batches of a hundred lines, and one a request; each is on the disk,
sealed, before its answer.

Prints fixes a second by the wall clock and by each second of the server's own processor time (app and edge together),
beside the disk's own rate of syncs in the same run. The phones are in this process, on the other core. Then so many
come in each second, batch after batch, while 200 obligations fall due: how long from due to an open board. There the
phones are a process of their own, so that the board is not read late because they are at work.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import tempfile
import time
from datetime import UTC, datetime, timedelta
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Event
from pathlib import Path
from urllib.parse import urlsplit

from bench.publish import syncs
from bench.watch import alarm_latency, told, until_it_watches
from heard.accounts import commands as account_commands
from heard.accounts import projection as accounts
from heard.engine import now
from heard.opening import open_house
from heard.watch import commands, feeds
from heard.watch.areas import Area
from tests.server import Server, running

PHONES, BATCHES, LINES, SINGLE = 20, 40, 100, 100
#: While alarms fall due there are more phones, of which each waits for its answer before it sends the next.
PACED = 100
#: Fixes a second while alarms fall due, and the limits: fixes a second of processor, and from due to a board.
AT_RATE, A_CORE_S, LATE_MS = 10_000, 20_000, 250
METRE = 1 / 111_195


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        secrets = _on_duty(data)
        with running(data) as server:
            for name, each, lines in (("batches of 100", BATCHES, LINES), ("one a request", SINGLE, 1)):
                began, cpu = time.perf_counter(), cpu_s(server)
                asyncio.run(_all(server, secrets[:PHONES], each, lines))
                wall, cpu = time.perf_counter() - began, cpu_s(server) - cpu
                fixes = PHONES * each * lines
                print(
                    f"  {name}: {fixes:,} fixes, {fixes / wall:,.0f}/s, {fixes / cpu:,.0f} a second of the server's "
                    f"processor ({cpu / wall:.2f} cores)"
                )
                if lines > 1:
                    holds = "holds" if fixes / cpu >= A_CORE_S else "NOT REACHED"
                    print(f"    a core, in batches: {fixes / cpu:,.0f}/s (at least {A_CORE_S:,}: {holds})")
            _alarms_beside(server, data, secrets)
        print(f"  the disk: {syncs(Path(folder)):,.0f} syncs/s")


def _alarms_beside(server: Server, data: Path, secrets: list[str]) -> None:
    """So many fixes a second in batches, while obligations fall due one after another."""
    until_it_watches(server)
    apart = multiprocessing.get_context("spawn")
    ends, kept = apart.Event(), apart.Value("q", 0)
    sending = apart.Process(target=_send_at_rate, args=(server.address, secrets, ends, kept))
    sending.start()
    while not kept.value:
        time.sleep(0.1)
    house = open_house(data)
    before, began, cpu = kept.value, time.perf_counter(), cpu_s(server)
    late = alarm_latency(server, house)
    wall, cpu = time.perf_counter() - began, cpu_s(server) - cpu
    rate = (kept.value - before) / wall
    ends.set()
    sending.join()
    house.close()
    p50, p99 = (late[int(len(late) * part)] * 1000 for part in (0.5, 0.99))
    print(f"  {rate:,.0f} fixes/s asked for {AT_RATE:,}, {cpu / wall:.2f} cores, load {os.getloadavg()[0]:.1f}")
    told("  due to the open board", p99, LATE_MS, "ms, p99", f"p50 {p50:.0f}, {len(late)} alarms")


def _send_at_rate(address: str, secrets: list[str], ends: Event, kept: Synchronized[int]) -> None:
    async def all_of_them() -> None:
        every_s = len(secrets) * LINES / AT_RATE
        await asyncio.gather(*(_paced(address, one, n, every_s, ends, kept) for n, one in enumerate(secrets)))

    asyncio.run(all_of_them())


async def _paced(address: str, secret: str, number: int, every_s: float, ends: Event, kept: Synchronized[int]) -> None:
    """A batch each so many seconds, with a fix for each hundredth of that time; where it comes late, at once."""
    host, port = urlsplit(address).hostname or "", urlsplit(address).port or 0
    reading, writing = await asyncio.open_connection(host, port)
    at = time.time() + every_s * number / PACED
    while not ends.is_set():
        await asyncio.sleep(max(0.0, at - time.time()))
        at = max(at + every_s, time.time() - 1)
        until = time.time()
        body = "\n".join(_line(until, number, LINES, n, every_s / LINES) for n in range(LINES)).encode()
        await _send(host, secret, body, LINES, reading, writing)
        kept.value += LINES  # nobody else writes it
    writing.close()


def _on_duty(data: Path) -> list[str]:
    """So many holders who have been on duty for an hour, each with a phone; the phones' secrets."""
    house, secrets = open_house(data), list[str]()
    with now.held_at(datetime.now(UTC) - timedelta(hours=3)):
        station = house.node.do(commands.set_station("The gate"), by="operator").stream
        house.node.do(feeds.set_area(station, Area((52.0, 0.0), 25)), by="operator")
        for number in range(PACED):
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
        await _send(host, secret, body, lines, reading, writing)
    writing.close()


async def _send(
    host: str, secret: str, body: bytes, lines: int, reading: asyncio.StreamReader, writing: asyncio.StreamWriter
) -> None:
    head = (
        f"POST /fixes/{secret} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-ndjson\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    writing.write(head.encode() + body)
    answer = await reading.readuntil(b"\r\n\r\n")
    length = next(line for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length"))
    said = await reading.readexactly(int(length.split(b":")[1]))
    assert f'"kept":{lines},'.encode() in said, (answer, said)


def _line(until: float, number: int, count: int, n: int, apart_s: float = 1.0) -> str:
    """Near the gate but for a walk of a minute in every ten; as a receiver says it, a little other each time."""
    at = datetime.fromtimestamp(until - (count - n) * apart_s, UTC)
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
