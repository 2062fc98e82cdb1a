"""`heard import reports`: each file compared with what is known, said, and taken in; and all of them out again.

And `heard reports index`: whether search engines may keep their pages.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from heard.cli.terminal import VAR, Data, count, opened, progress, read_file, say_whose_key

if TYPE_CHECKING:
    from heard.ingest.published_reports import Difference
    from heard.opening import House

#: A PDF of a report is below 30 MB, a table with all texts below 60.
FILE_MAX_BYTES = 256 * 1024**2

app = typer.Typer(no_args_is_help=True, help="Published reports.")


@app.callback()
def _of_reports() -> None:
    """Published reports."""


@app.command()
def index(
    allow: Annotated[bool, typer.Option("--allow", help="Search engines may keep the pages of reports.")] = False,
    end: Annotated[bool, typer.Option("--end", help="They may no longer.")] = False,
    by: Annotated[str, typer.Option(help="The name of who decides so; it stays in the journal.")] = "",
    data: Data = VAR,
) -> None:
    """Say whether search engines may keep pages of reports, who decided it and when; or decide it."""
    from heard.accounts.commands import OPERATOR
    from heard.engine.errors import Refused
    from heard.reports import commands, indexing

    if allow and end:
        raise Refused("Say --allow or --end, not both. Nothing was changed.")
    with opened(data) as house:
        if allow or end:
            house.node.do((commands.allow_indexing if allow else commands.end_indexing)(by), by=OPERATOR)
        typer.echo(indexing.decided(house.journal, house.tables))


def read_reports(house: House, file: Path, on: date | None, *, accept: bool, show: bool) -> bool:
    """One file; False where its reading is doubted, and nothing of it was taken in."""
    from heard.accounts.commands import OPERATOR
    from heard.engine import now
    from heard.ingest import published_reports, report_files, report_record
    from heard.reports import alike

    raw = read_file(file, FILE_MAX_BYTES)
    if raw.lstrip()[:1] == b"{":
        record = report_record.read_record(raw, file.name)
        if not show:
            slug = report_record.take_in_record(house.node, record, on or now.today(), OPERATOR)
            typer.echo(f"{file.name}: {house.address()}/reports/{slug}/")
        return True
    table = report_files.read_file(raw, file.name)
    what = published_reports.difference(house.node, table, raw, on or table.on or now.today())
    typer.echo(f"{file.name}: {_told(what)}")
    for said in alike.told(alike.grouped((cell, None) for cell in table.cells())):
        typer.echo(f"  the same words in several reports: {said}")
    if show:
        return True
    with progress("Importing") as told:
        taken = published_reports.take_in(house.node, what, OPERATOR, accepted=accept, progress=told)
    if not taken:
        gone = count(len(what.gone), "report")
        typer.echo(
            f"This reading is doubted: {what.share_blank:.0%} of its rows are blank and {gone} not there any more. "
            "Nothing was taken in, and nothing that was known is un-known. To take in its filled rows: --accept.",
            err=True,
        )
    return taken


def _told(what: Difference) -> str:
    said = [
        f"{count(what.rows, 'row')} as of {what.on.isoformat()}: {len(what.new):,} new, {len(what.changed):,} changed",
        f"{len(what.same):,} as known",
        *([f"{what.blank:,} blank"] if what.blank else []),
        *([f"{len(what.redacted):,} with something redacted"] if what.redacted else []),
        *([f"{len(what.gone):,} not there any more"] if what.gone else []),
    ]
    return ", ".join(said) + "."


def read_statuses(house: House, file: Path, on: date | None, *, show: bool) -> str:
    """What named people judged, compared with what stands here and, unless it is only to be shown, taken in."""
    from heard.accounts.commands import OPERATOR
    from heard.engine import now
    from heard.ingest import statuses

    what = statuses.difference(house.node, house.doors, read_file(file, FILE_MAX_BYTES), file.name, on or now.today())
    said = [f"  line {line}: {change}" for line, change, _ in what.new] if show else []
    if not show:
        with progress("Importing") as told:
            statuses.take_in(house.node, what, OPERATOR, told)
    changed = len({line for line, _, _ in what.new})
    changes = "would change" if show else "changed"
    tally = (
        f"{file.name}: {count(what.rows, 'row')}: {changed:,} {changes} what stands here, "
        f"{what.same:,} as known, {what.empty:,} in which nobody judged anything."
    )
    return "\n".join([tally, *said])


def write_snapshot(house: House, out: Path) -> None:
    """All reports as one zip, checked before it has its name."""
    from heard.engine.errors import Refused
    from heard.export.snapshot import export_reports
    from heard.export.snapshot_checking import check_snapshot
    from heard.store.media import keep_whole

    if out.exists() or not out.absolute().parent.is_dir():
        raise Refused(f"{out} is there already, or its folder is not. Nothing was written; give another name.")
    with progress("Exporting") as told:
        taken = export_reports(house.node, house.doors, house.address(), told)
    with progress("Checking") as told:
        check_snapshot(taken.content, taken.key, told)
    try:
        keep_whole(out, taken.content, replace=False)
    except OSError as wrong:
        raise Refused(f"{out} could not be written: {wrong.strerror}. There is no such file.") from wrong
    if taken.failed:
        said = f"{count(len(taken.failed), 'report')} could not be made, and not in it: {', '.join(taken.failed)}."
        typer.echo(said, err=True)
    proved = f"{taken.proved:,} follow from {count(taken.entries, 'entry', 'entries')} with proof"
    typer.echo(f"Wrote {out}: {count(taken.reports, 'report')}; {proved}.\nIts key: {taken.key}")


def verify_snapshot(raw: bytes, key: str) -> None:
    from heard.export.snapshot_checking import check_snapshot

    with progress("Verifying") as told:
        checked = check_snapshot(raw, key, told)
    told_of = checked.snapshot
    typer.echo(
        f"It holds: {count(told_of.reports, 'report')} as of {told_of.on}. "
        f"{count(checked.entries, 'entry', 'entries')} proved to be in a journal of {checked.journal_size:,}."
    )
    again = "made again from their entries, byte for byte" if checked.made_again else "made by another version of Heard"
    typer.echo(
        f"{len(told_of.proved):,} were {again}; of the others some entry may not leave, and the signature vouches."
    )
    say_whose_key(checked.key, key)
