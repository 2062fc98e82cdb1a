"""A small register of our own invention, made the way any is made: by importing tables."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.testclient import TestClient

from heard.cases.exits import Serving
from heard.engine.errors import HeardError
from heard.ingest.published_reports import difference, take_in
from heard.ingest.report_tables import read_table
from heard.opening import House
from heard.reports import outgoing, pages, projection
from heard.reports.register import Register
from heard.reports.shown import Shown
from heard.store.frames import FramesFile
from heard.store.register import RegisterFile
from heard.web import errors

COLUMNS = (
    "Status,Date added,Date of report,Ref,Deceased name,Coroner name,Coroner area,Category,Sent to,Sent to count,"
    "Replies count,URL"
)
SCRAPED = (
    "date_added,date_of_report,ref,deceased_name,coroner_name,coroner_area,category,this_report_is_being_sent_to,"
    "report_url,pdf_url,reply_urls,circumstances,concerns,inquest,action,response,legal"
)


def line(
    number: int,
    *,
    dated: str = "03/03/2021",
    added: str = "05/03/2021",
    deceased: str = "",
    coroner: str = "Ms Ada Bench",
    area: str = "Avon",
    category: str = "Other related deaths",
    sent: str = "Harbour Board",
    replies: int = 0,
    url: str = "",
) -> str:
    """One row of the tracker's database, about nobody real."""
    name = deceased or f"Person Number{number}"
    count = len(sent.split(" | ")) if sent else 0
    address = url or f"https://example.org/reports/{number}/"
    cells = (
        "",
        added,
        dated,
        f"2021-{number:04}",
        name,
        coroner,
        area,
        category,
        sent,
        str(count),
        str(replies),
        address,
    )
    return ",".join(f'"{cell}"' for cell in cells)


def scraped(
    number: int,
    *,
    concerns: str = "",
    circumstances: str = "",
    deceased: str = "",
    sent: str = "Harbour Board",
    dated: str = "3 March 2021",
    deadline: str = "",
    replies: str = "",
    category: str = "Other related deaths",
    blank: bool = False,
) -> str:
    """One row of the scrape; a blank one says nothing but where the report is kept."""
    address = f"https://example.org/reports/{number}/"
    if blank:
        return ",".join(f'"{address}"' if place == 8 else "" for place in range(17))
    cells = (
        *(
            "05/03/2021",
            dated,
            f"2021-{number:04}",
            deceased or f"Person Number{number}",
            "Ada Bench",
            "Avon",
            category,
        ),
        *(sent, address, "", replies, circumstances, concerns, "", "", deadline, ""),
    )
    return ",".join('"' + cell.replace('"', '""') + '"' for cell in cells)


def table(*lines: str, columns: str = COLUMNS) -> bytes:
    return "\n".join([columns, *lines]).encode()


def read(house: House, raw: bytes, on: str, *, name: str = "table.csv", accepted: bool = False) -> bool:
    """Import a table as of a day; whether it was believed."""
    what = difference(house.node, read_table(raw, name), raw, date.fromisoformat(on))
    return take_in(house.node, what, "operator", accepted=accepted)


def register_of(house: House, folder: Path) -> Register:
    """The register of a house, to the newest entry."""
    house.node.catch_up()
    register = Register(
        house.journal, house.tables, house.doors, RegisterFile(folder / "register.sqlite", house.store.epoch)
    )
    register.follow_all()
    return register


def shown(register: Register, slug: str) -> Shown:
    return register.of(projection.by_slug(register.tables, slug))


def client_of(house: House, register: Register, folder: Path) -> TestClient:
    """Asks the room's own pages and tables, of this register, without a server around them."""

    async def do(*_: Any, **__: Any) -> Any:
        raise AssertionError("nothing is written by looking")

    handlers: Any = {HeardError: errors.on_heard_error}
    app = Starlette(routes=[*outgoing.routes(), *pages.routes()], exception_handlers=handlers)
    frames = FramesFile(folder / "frames.sqlite", "e")
    app.state.serving = Serving(house.node, house.doors, house.vault, frames, house.media, do, "e", register)
    return TestClient(app)
