"""`heard backup`, `heard restore`, `heard rebuild`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from heard.cli.terminal import VAR, Data, Witness, count, existing, opened, progress

if TYPE_CHECKING:
    from heard.opening import Again, House

app = typer.Typer()


@app.command()
def backup(
    out: Annotated[Path, typer.Option(help="A folder; the copy gets one of its own in it.")], data: Data = VAR
) -> None:
    """Copy everything beside a running server, and verify the copy."""
    from heard import backup as safekeeping
    from heard import opening

    existing(data)
    assert opening.ROOMS  # the rooms are imported: without them no erasure is known
    with progress("Verifying the copy") as told:
        folder, verified = safekeeping.backup(data, out, told)
    typer.echo(
        f"{folder}\n{count(verified.entries, 'entry', 'entries')}, verified. Keep its vault.sqlite for days, not years."
    )


@app.command()
def restore(
    folder: Annotated[Path, typer.Argument(help="A backup.")],
    data: Data = VAR,
    new_epoch: Annotated[bool, typer.Option("--new-epoch", help="Begin a new log, in the open.")] = False,
    witness: Witness = None,
) -> None:
    """Put a backup into an empty place; what was withdrawn since stays withdrawn."""
    from heard import backup as safekeeping
    from heard import opening

    assert opening.ROOMS  # the rooms are imported: without them no erasure is known
    again, held = opening.Again(), list[str]()
    with (
        progress("Verifying the backup") as told,
        safekeeping.restoring(folder, data, new_epoch=new_epoch, witness=witness, progress=told) as restored,
    ):
        if new_epoch:
            with opened(restored.folder, witness=witness) as house:
                again = _withdraw_again(house)
                held = _hold_what_was_live(house) if restored.lost or not restored.witnessed else []
    typer.echo(f"Restored {count(restored.position, 'entry', 'entries')} to {data}, epoch {restored.epoch}.")
    if not new_epoch:
        return
    if again.retracted or again.erased:
        typer.echo(f"Withdrawn again: {len(again.retracted)}. Erased again: {len(again.erased)}.")
    if again.hidden:
        typer.echo(f"Hidden again, of reports: {len(again.hidden)}. Read the newest tables before you let one stand.")
    if again.orders:
        typer.echo(
            f"{count(again.orders, 'order', 'orders')} recorded since {'is' if again.orders == 1 else 'are'} lost, and "
            "so are the names. Record them again: until then nobody looks for them, in reports neither."
        )
    if restored.lost:
        typer.echo(f"Lost: entries {restored.lost[0]:,} to {restored.lost[1]:,}, which had been witnessed.")
    elif not restored.witnessed:
        typer.echo("There was no witness that had followed this journal, so nobody can say what was lost since.")
    for slug in sorted({*held, *again.held}):
        typer.echo(f"Held until an editor has looked at it: {slug} (`heard let-go {slug} --ground …`)")


def _withdraw_again(house: House) -> Again:
    from heard.opening import withdraw_again

    return withdraw_again(house)


def _hold_what_was_live(house: House) -> list[str]:
    from heard.accounts.commands import OPERATOR
    from heard.cases import commands, projection
    from heard.coverage.projection import of_case

    live = [
        case
        for case in projection.all_cases(house.tables)
        if of_case(house.tables, case.id).state in ("live", "paused")
    ]
    for case in live:
        command = commands.hold_case(case.id, "The journal was restored from a backup while this case was live.")
        house.node.do(command, by=OPERATOR)
    return [case.slug for case in live]


@app.command()
def rebuild(data: Data = VAR) -> None:
    """Fold the projection and render the fragments again, from the journal alone."""
    from heard.rebuilding import rebuild as again

    existing(data)
    with progress("Folding") as told:
        rebuilt = again(data, told)
    done = (
        "a server is running here, and its tables are the same" if rebuilt.compared else "the pages are rendered again"
    )
    typer.echo(f"Folded {count(rebuilt.entries, 'entry', 'entries')}; {done}.")
