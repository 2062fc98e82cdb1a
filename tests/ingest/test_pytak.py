"""Cursor-on-Target from a client that others wrote: pytak, over a real connection, and all that it makes."""

from __future__ import annotations

import asyncio
import xml.etree.ElementTree as ET
from configparser import ConfigParser, SectionProxy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytak
import pytest

from heard.ingest import cursor_on_target
from heard.ingest.cursor_stream import Completed, Stream
from heard.ingest.fixes import Fix, Sign

NOW = datetime.now(UTC)


class Patrol(pytak.QueueWorker):  # type: ignore[misc]
    """What an integration of pytak is: a worker that puts events on a queue, and leaves the sending to pytak."""

    events: tuple[bytes, ...] = ()

    async def run(self, _: int = -1) -> None:
        for event in self.events:
            await self.put_queue(event)
        await asyncio.Event().wait()


def config(url: str) -> SectionProxy:
    parser = ConfigParser({"COT_URL": url, "TAK_PROTO": "0"})
    parser.add_section("patrol")
    return parser["patrol"]


async def sent(events: tuple[bytes, ...], count: int, bytes_at_once: int) -> list[Completed]:
    """What a listener heard, until so many events have come, while pytak connects to it and sends."""
    completed: list[Completed] = []
    done = asyncio.Event()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        stream = Stream()
        while piece := await reader.read(bytes_at_once):
            completed.append(stream.hear(piece, datetime.now(UTC)))
            if sum(len(one.said) for one in completed) >= count or completed[-1].ended:
                break
        done.set()
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    tool = pytak.CLITool(config(f"tcp://127.0.0.1:{port}"))
    await tool.setup()
    patrol = Patrol(tool.tx_queue, tool.config)
    patrol.events = events
    tool.add_tasks({patrol})
    sending = asyncio.ensure_future(tool.run())
    try:
        await asyncio.wait_for(done.wait(), 20)
    finally:
        for task in (sending, *tool.running_tasks):
            task.cancel()
        await asyncio.gather(sending, *tool.running_tasks, return_exceptions=True)
        server.close()
    return completed


@pytest.mark.parametrize("bytes_at_once", [65_536, 50])
def test_what_pytak_sends_over_tcp_is_heard_event_by_event(bytes_at_once: int) -> None:
    events = tuple(position(uid=f"P{n}") for n in range(20))
    completed = asyncio.run(sent(events, 21, bytes_at_once))
    said = [one for each in completed for one in each.said]
    assert [one for each in completed for one in each.refused] == []
    # pytak greets first: that is no place, and only shows that it is alive.
    assert [type(one) for one in said] == [Sign, *[Fix] * 20]
    assert [one.source for one in said[1:]] == [f"P{n}" for n in range(20)]
    for one in said[1:]:
        assert isinstance(one, Fix)
        assert (one.lat, one.lon, one.acc) == (52.00004, 0.00002, 5.0)
        assert one.claimed_at is not None and one.good_until is not None
        assert abs(one.received_at - one.claimed_at) < timedelta(seconds=20)
        assert abs(one.good_until - one.claimed_at - timedelta(seconds=75)) < timedelta(seconds=1)


def position(uid: str = "P1", ce: Any = 5, how: str = "m-g", **of: Any) -> bytes:
    point = pytak.cot_point(lat=52.00004, lon=0.00002, ce=ce, precision=7)
    made = pytak.cot_event(uid=uid, point=point, stale=75, cot_type="a-f-G-U-C", how=how, callsign="Ä & <1>", **of)
    written = pytak.serialize_cot(made, trailing_newline=True)
    assert isinstance(written, bytes)
    return written


def read(event: bytes) -> Fix:
    said = cursor_on_target.read(event, NOW)
    assert isinstance(said, Fix)
    return said


def test_every_way_in_which_pytak_writes_an_event_is_read() -> None:
    made = pytak.gen_cot_xml(lat=52.0, lon=0.1, ce=5, uid="P1", stale=75, cot_type="a-f-G", callsign="one")
    for event in (
        pytak.gen_cot(lat=52.0, lon=0.1, ce=5, uid="P1", stale=75, cot_type="a-f-G"),
        pytak.serialize_cot(made, xml_declaration=False),
        ET.tostring(made, encoding="utf-8"),
        ET.tostring(made, encoding="utf-8", xml_declaration=True),
        pytak.COTEvent(lat=52.0, lon=0.1, ce=5, uid="P1", stale=75, cot_type="a-f-G").to_bytes(),
    ):
        fix = read(event)
        assert (fix.source, fix.lat, fix.lon, fix.acc) == ("P1", 52.0, 0.1, 5.0)


def test_what_pytak_leaves_unknown_proves_nothing() -> None:
    assert read(position(ce=None)).acc is None
    assert read(pytak.SimpleCOTEvent(lat=52.0, lon=0.1, uid="P1", cot_type="a-f-G").to_bytes()).acc is None
    assert read(pytak.gen_cot(uid="P1", cot_type="a-f-G", ce=5)).acc is None  # no place: pytak writes 0, 0


def test_pytaks_own_makers_cut_a_place_to_eleven_metres_and_we_can_not_tell() -> None:
    """Why the documentation names `precision`: the circle of error that is sent says nothing of it."""
    fix = read(pytak.gen_cot(lat=52.00009, lon=0.00009, ce=5, uid="P1", cot_type="a-f-G"))
    assert (fix.lat, fix.lon, fix.acc) == (52.0, 0.0, 5.0)


def test_what_was_typed_in_says_so() -> None:
    fix = read(position(how="h-e"))
    assert (fix.entered_by_hand, fix.acc) == (True, None)


def test_greetings_show_only_that_a_client_is_alive() -> None:
    for event, uid in ((pytak.hello_event("P1"), "P1"), (pytak.functions.tak_pong(), "takPong")):
        said = cursor_on_target.read(event, NOW)
        assert (type(said), said.source) == (Sign, uid)
