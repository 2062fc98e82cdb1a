"""Trying an obligation on a record of evidence, before anyone relies on it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from heard.cli.terminal import count
from heard.engine.errors import Refused

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
