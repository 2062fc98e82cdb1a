"""Trying an obligation on a record of evidence, before anyone relies on it; and reading history in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from heard.cli.terminal import VAR, Data, count, opened, read_file
from heard.engine.errors import Refused

if TYPE_CHECKING:
    from heard.ingest.history import Layout
    from heard.opening import House
    from heard.watch.bringing_in import Store

app = typer.Typer(no_args_is_help=True, help="The watch: what is owed, and what rings.")


@app.command()
def rehearse(
    file: Annotated[Path, typer.Argument(help="JSON: an obligation, its evidence and an end; or a list of such.")],
) -> None:
    """Say what would have rung. Where the file says what was expected, end with an error if it is otherwise."""
    from heard.watch.rehearsing import rehearsals

    different = 0
    for one in rehearsals(_text(file)):
        typer.echo(f"{one.name}: {count(len(one.found['alarms']), 'alarm')}")
        for alarm in one.found["alarms"]:
            typer.echo(f"  {_line(alarm)}")
        for key, final in one.found["final"].items():
            typer.echo(f"  {key or 'it'} stands at {final['state']}{', due ' + final['due'] if final['due'] else ''}")
        if one.is_different:
            different += 1
            typer.echo("  NOT as expected")
    if different:
        raise Refused(f"{count(different, 'rehearsal')} came out otherwise than the file expects.")


@app.command("believe-clock")
def believe_clock(data: Data = VAR) -> None:
    """Say that the clock of this machine is right, where the board has it that it is not believed."""
    from heard.web.timekeeping import say_believed

    with opened(data) as house:
        say_believed(house.data)
    typer.echo("Who runs here follows the clock of this machine in a moment; what has fallen due by it rings then.")


@app.command()
def link(
    station: Annotated[str, typer.Argument(help="The code of the station.")],
    email: Annotated[str, typer.Argument(help="Who is posted there, and is to read it.")],
    order: Annotated[str, typer.Option(help="The title of the order; needed where there are several.")] = "",
    data: Data = VAR,
) -> None:
    """Make a link by which somebody reads an order and acknowledges it without signing in."""
    with opened(data) as house:
        typer.echo(make_link(house, station, email, order))


def make_link(house: House, code: str, email: str, title: str = "") -> str:
    """Its address, told once.

    Raises Refused where links are not allowed, or it has been read.
    """
    from heard.accounts import projection as accounts
    from heard.accounts.commands import OPERATOR
    from heard.watch import linking, projection

    house.node.catch_up()
    station = _station(house, code, "No link was made.")
    orders = [one for one in projection.orders(house.tables, station) if title.casefold() in ("", one.title.casefold())]
    if len(orders) != 1:
        raise Refused("There is no one standing order of that title at the station. No link was made; say its title.")
    holder = accounts.by_email(house.tables, email).id
    written = house.node.do(linking.make(station, orders[0].id, holder), by=OPERATOR)
    return f"{house.address()}{linking.path(linking.new_address(house.vault, written.stream, holder))}"


def _station(house: House, code: str, otherwise: str) -> str:
    from heard.watch import projection

    found = [one.id for one in projection.stations(house.tables) if one.code.casefold() == code.casefold()]
    if len(found) != 1:
        raise Refused(f"There is no one station with the code “{code[:80]}”. {otherwise}")
    return found[0]


def _line(alarm: dict[str, Any]) -> str:
    of = f" of {alarm['key']}" if alarm["key"] else ""
    proven = f", proven at {alarm['upgraded_at']}" if "upgraded_at" in alarm else ""
    cleared = f", cleared at {alarm['cleared_at']} ({alarm['cleared_by']})" if alarm["cleared_at"] else ", not cleared"
    told = ", ".join(dict.fromkeys(one["to"] for one in alarm["notified"])) or "nobody"
    return f"{alarm['kind']}{of} at {alarm['lapsed_at']}, raised at {alarm['raised_at']}{proven}{cleared}; told: {told}"


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except UnicodeDecodeError:
        raise Refused("The file is not text in UTF-8. Nothing was rehearsed.") from None


def read_evidence(
    house: House, file: Path, code: str, layout: Layout, store: Store, progress: Callable[[int, int], None]
) -> str:
    """Read a table into the watch of one station, and say what came of it.

    Raises Refused; then nothing of it was read in.
    """
    from heard.accounts.commands import OPERATOR
    from heard.engine import now
    from heard.ingest import history
    from heard.watch import bringing_in

    station = _station(house, code, "Nothing was read in.")
    told = history.read(read_file(file, history.BYTES_MAX), now.utc(), layout)
    read = bringing_in.rows(house.tables, station, store, [one.written() for one in told.said])
    new = 0
    for done in range(0, len(read.rows), bringing_in.AT_ONCE):
        command = bringing_in.bring_in(station, read.rows[done : done + bringing_in.AT_ONCE])
        written = house.node.do(command, by=OPERATOR)
        new += written.last - written.position + 1 if written.kind else 0
        progress(min(done + bringing_in.AT_ONCE, len(read.rows)), len(read.rows))
    said = [f"{count(new, 'row')} of {len(read.rows)} read in; the others were before." if new != len(read.rows) else
            f"{count(new, 'row')} read in."]  # fmt: skip
    if read.of_others:
        said.append(f"{count(read.of_others, 'row')} left out, of other places.")
    if told.unread:
        said.append(f"Columns that were not read: {', '.join(told.unread)[:300]}.")
    return " ".join(said)
