"""A public answer is kept until something changes, and what was made of before the change is kept no longer."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, cast

import httpx2
from starlette.applications import Starlette
from starlette.requests import Request

from heard.cases.exits import Outgoing, Serving, WayOut
from heard.store.frames import FramesFile
from tests.desk import Desk


def test_what_was_begun_before_a_change_is_not_kept_after_it_whoever_asked_meanwhile(
    desk: Desk, tmp_path: Path
) -> None:
    frames, began, goes_on = FramesFile(tmp_path / "frames.sqlite", "e"), asyncio.Event(), asyncio.Event()

    async def told(request: Request, serving: Serving) -> Outgoing:
        [(last,)] = serving.tables.execute("SELECT position FROM cursor")
        if request.query_params.get("slowly") and not goes_on.is_set():
            began.set()
            await goes_on.wait()
        return Outgoing(serving.doors.of_every(serving.tables).let("json", f"made of {last}"), "text/plain")

    app, do = Starlette(routes=[WayOut("/told", "json", told)]), cast(Any, None)
    app.state.serving = Serving(desk.house.node, desk.doors, desk.house.vault, frames, desk.house.media, do, "e")

    async def story() -> None:
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://heard.example") as client:
            slowly = asyncio.ensure_future(client.get("/told?slowly=1"))
            await began.wait()
            desk.publish("Something new.")
            newest = (await client.get("/told")).text
            goes_on.set()
            assert (await slowly).text != newest, "the control: it was made of what was before"
            assert (await client.get("/told?slowly=1")).text == newest
            desk.publish("Something newer.")
            assert (await client.get("/told?slowly=1")).text != newest

    asyncio.run(asyncio.wait_for(story(), 20))
    frames.close()
