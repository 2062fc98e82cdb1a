"""In and out: `heard import`, `heard export`, `heard replay`, `heard verify`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from heard.cli.terminal import VAR, Data, count, opened, progress, read_file, say_whose_key

if TYPE_CHECKING:
    from datetime import date

app = typer.Typer()
imports = typer.Typer(no_args_is_help=True, help="Take over what was written elsewhere.")
exports = typer.Typer(no_args_is_help=True, help="Give it away, whole and verifiable.")

#: Exports carry pictures; this much is read into memory at once.
EXPORT_MAX_BYTES = 2 * 1024**3
Key = Annotated[str, typer.Option(help="The publisher's public key: the line in the file public-key.")]


@imports.command("liveblog")
def import_liveblog(
    file: Annotated[Path, typer.Argument(help="Plain text, a Guardian block JSON, or our own export.")],
    case: Annotated[str, typer.Option(help="The address it is to have here.")],
    title: Annotated[str, typer.Option(help="Instead of its own.")] = "",
    key: Key = "",
    by: Annotated[str, typer.Option(help="The address of the account whose words these are, if they are one's.")] = "",
    data: Data = VAR,
) -> None:
    """Take a live blog over into a case. Doing it again changes nothing."""
    raw = read_file(file, EXPORT_MAX_BYTES)
    if raw.startswith(b"PK"):
        _import_export(raw, case, title, key, by, data)
    else:
        _import_blog(raw, file.name, case, title, by, data)


def _import_export(raw: bytes, slug: str, title: str, key: str, by: str, data: Path) -> None:
    from heard.cli.accounts import importing
    from heard.export.checking import check_export
    from heard.ingest.own_export import import_case

    with progress("Checking") as checking:
        checked = check_export(raw, key, checking)
    with opened(data, make=True) as house, progress("Importing") as told:
        for content in checked.media.values():
            house.media.keep(content)  # on disk before an entry names it
        imported = import_case(house.node, checked.case, slug, title, importing(house, by, slug), told)
        address = house.address()
    typer.echo(_said(imported.new, imported.kept, imported.held, imported.erased))
    if left := sum(post.status == "withheld" for post in checked.case.posts):
        typer.echo(f"{count(left, 'post')} without words, being checked when this was exported: left out.")
    if not key:
        typer.echo(f"It was signed with {checked.key}\nCompare that with the key its publisher gives (--key).")
    typer.echo(f"{address}/{slug}/")


def _import_blog(raw: bytes, name: str, slug: str, title: str, by: str, data: Path) -> None:
    from heard.cli.accounts import importing
    from heard.ingest.liveblogs import import_blog, read

    blog = read(raw, name)
    with opened(data, make=True) as house, progress("Importing") as told:
        imported = import_blog(house.node, blog, slug, title, importing(house, by, slug), told)
        address = house.address()
    typer.echo(_said(imported.new, imported.kept, imported.held, imported.erased))
    for line in blog.dropped:
        where = f"line {line.number}" if line.number else "a part"
        typer.echo(f"Left out as page furniture: {where}, “{line.words[:80]}”")
    typer.echo(f"{address}/{slug}/")


@imports.command("reports")
def import_reports(
    files: Annotated[
        list[Path], typer.Argument(help="Tables of reports (CSV, also .gz), records (JSON), reports (PDF).")
    ],
    as_of: Annotated[
        str, typer.Option("--as-of", help="The day of the reading, if the file's name does not say it.")
    ] = "",
    accept: Annotated[
        bool, typer.Option("--accept", help="Take in the filled rows of a reading that is doubted.")
    ] = False,
    show: Annotated[bool, typer.Option("--show", help="Say what would change, and change nothing.")] = False,
    data: Data = VAR,
) -> None:
    """Read published reports to prevent future deaths. A blank un-says nothing, a redaction binds at once."""
    from heard.cli.reports import read_reports

    on = _day(as_of)
    with opened(data, make=True) as house:
        believed = [read_reports(house, file, on, accept=accept, show=show) for file in files]
        typer.echo(f"{house.address()}/reports/")
    if not all(believed):
        raise SystemExit(3)


@imports.command("statuses")
def import_statuses(
    file: Annotated[Path, typer.Argument(help="A table (CSV) with the columns of /reports/axes.csv, or some of them.")],
    as_of: Annotated[str, typer.Option("--as-of", help="The day of a judgement of which the table says none.")] = "",
    show: Annotated[bool, typer.Option("--show", help="Say what would change, and change nothing.")] = False,
    data: Data = VAR,
) -> None:
    """Take in what named people judged of concerns, also in words of the NTSB or the GAO. A wrong row stops it all."""
    from heard.cli.reports import read_statuses

    on = _day(as_of)
    with opened(data) as house:
        typer.echo(read_statuses(house, file, on, show=show))


def _day(said: str) -> date | None:
    from datetime import date

    from heard.engine.errors import Refused

    try:
        return date.fromisoformat(said) if said else None
    except ValueError as wrong:
        raise Refused(f"“{said[:20]}” is no day. Write it like 2025-07-31. Nothing was changed.") from wrong


@imports.command("evidence")
def import_evidence(
    file: Annotated[Path, typer.Argument(help="A table (CSV) of checks and states, with a header.")],
    station: Annotated[str, typer.Option(help="The code of the station that it is of.")],
    store: Annotated[str, typer.Option(help="What the system is called that it comes from.")],
    calls_it: Annotated[str, typer.Option(help="What the table calls the station, if not by its code.")] = "",
    column: Annotated[list[str] | None, typer.Option(help="t=“Scan time”: its header for one of our names.")] = None,
    always: Annotated[list[str] | None, typer.Option(help="kind=check: what holds for every row.")] = None,
    person: Annotated[list[str] | None, typer.Option(help="“Officer 12=olu@example.org”: whose account.")] = None,
    zone: Annotated[str, typer.Option(help="Where times live that have no offset.")] = "",
    times: Annotated[str, typer.Option(help="How times are written: %d/%m/%Y %H:%M.")] = "",
    device_stamped: Annotated[bool, typer.Option("--device-stamped", help="A device stamps its times.")] = False,
    second: Annotated[str, typer.Option(help="Who stands by all that its people claim.")] = "",
    data: Data = VAR,
) -> None:
    """Read the history of a station into the watch: late evidence, which rings nothing that is over."""
    from heard.cli.watch import read_evidence
    from heard.ingest.history import Layout
    from heard.watch.bringing_in import Store

    layout = Layout(_pairs(column), _pairs(always), zone, times)
    of = Store(store, calls_it, device_stamped, second, _pairs(person))
    with opened(data) as house, progress("Importing") as told:
        typer.echo(read_evidence(house, file, station, layout, of, told))


def _pairs(said: list[str] | None) -> dict[str, str]:
    from heard.engine.errors import Refused

    found = dict(one.partition("=")[::2] for one in said or [])
    if not all(found) or not all(found.values()):
        raise Refused("Write it like name=value. Nothing was read in.")
    return found


def _said(new: int, kept: int, held: int, erased: int) -> str:
    said = [f"Imported {count(new, 'part')}." if new else "Everything of it was imported before; nothing was changed."]
    if new and kept > new:
        said.append(f"{count(kept - new, 'part')} had been imported before.")
    if held:
        said.append(f"{count(held, 'post')} waiting on the desk: the rules of the case stop it.")
    if erased:
        said.append(f"{count(erased, 'post')} erased since, and not imported again.")
    return " ".join(said)


@exports.command("case")
def export_case(
    slug: Annotated[str, typer.Argument(help="The case's address.")],
    out: Annotated[Path, typer.Option(help="The zip to write; it must not be there yet.")],
    data: Data = VAR,
) -> None:
    """Write what readers can see of a case as one zip that opens offline, verifies, and imports again."""
    from heard.engine.errors import Refused
    from heard.export import making
    from heard.export.checking import check_export
    from heard.store.media import keep_whole

    if out.exists():
        raise Refused(f"{out} is there already. Nothing was written; give another name.")
    if not out.absolute().parent.is_dir():
        raise Refused(f"There is no folder {out.absolute().parent}. Nothing was written.")
    with opened(data) as house, progress("Exporting") as told:
        exported = making.export_case(house.node, house.doors, house.media, slug, told)
    with progress("Checking") as told:
        check_export(exported.content, exported.key, told)
    try:
        keep_whole(out, exported.content, replace=False)
    except OSError as wrong:
        raise Refused(f"{out} could not be written: {wrong.strerror}. There is no such file.") from wrong
    written = f"{count(exported.posts, 'post')}, {count(exported.entries, 'entry', 'entries')} with proof"
    typer.echo(f"Wrote {out}: {written}, {count(exported.pictures, 'picture')}.\nIts key: {exported.key}")


@exports.command("reports")
def export_reports(
    out: Annotated[Path, typer.Option(help="The zip to write; it must not be there yet.")], data: Data = VAR
) -> None:
    """Write all reports as they may be seen, as CSV and JSON, with the entries that prove it."""
    from heard.cli.reports import write_snapshot

    with opened(data) as house:
        write_snapshot(house, out)


@exports.command("hold")
def export_hold(
    slug: Annotated[str, typer.Argument(help="The address of a case that is under a legal hold.")],
    out: Annotated[Path, typer.Option("--to", help="The zip to write; it must not be there yet.")],
    why: Annotated[str, typer.Option(help="Why it is taken; kept in the journal, and not in the zip.")],
    names: Annotated[bool, typer.Option("--names", help="With the names that orders protect.")] = False,
    data: Data = VAR,
) -> None:
    """Write the record of a case as it was published over time, withdrawn words too, for a court."""
    from heard.cli.holds import write_record

    with opened(data) as house:
        write_record(house, slug, out, why, names=names)


@app.command()
def replay(
    slug: Annotated[str, typer.Argument(help="The case to play again.")],
    into: Annotated[str, typer.Option("--as", help="The address of the new case.")],
    speed: Annotated[float, typer.Option(help="Times as fast as it was.")] = 1.0,
    data: Data = VAR,
) -> None:
    """Play what readers can see of a case again as if it were live, into a new case."""
    from heard import replay as replaying
    from heard.accounts.commands import OPERATOR

    with opened(data) as house, progress("Playing") as told:
        typer.echo(
            f"Playing at {house.address()}/{into}/ – Ctrl+C stops; the same command goes on from there.", err=True
        )
        try:
            played = replaying.replay(house.node, house.doors, slug, into, speed, OPERATOR, told)
        except KeyboardInterrupt:
            raise SystemExit(130) from None
    typer.echo(f"Played {count(played, 'post')}.")


@app.command()
def verify(
    path: Annotated[Path, typer.Argument(help="A data directory, a backup, or an export.")],
    key: Key = "",
    earlier: Annotated[
        Path | None, typer.Option(help="Of a record under a legal hold: a checkpoint that was kept before.")
    ] = None,
) -> None:
    """Check offline that nothing in it was changed, and name the first thing that does not fit."""
    if path.is_dir():
        _verify_directory(path)
    else:
        _verify_export(path, key, earlier)


def _verify_directory(path: Path) -> None:
    from heard import opening
    from heard.verify import verify_directory

    assert opening.ROOMS  # the rooms are imported: without them no erasure is known
    with progress("Verifying") as told:
        verified = verify_directory(path, told)
    typer.echo(
        f"It holds: epoch {verified.epoch}, {count(verified.entries, 'entry', 'entries')}, root {verified.root}."
    )
    typer.echo(
        f"Checked word for word: {verified.unsealed:,}. Erased: {verified.erased:,}. "
        f"Pictures and documents: {verified.media:,}."
    )
    if verified.unfinished:
        typer.echo(f"{count(verified.unfinished, 'erasure')} unfinished: the next start ends them.")
    if verified.checkpoint_size is not None:
        typer.echo(f"Signed checkpoint over {count(verified.checkpoint_size, 'entry', 'entries')}.")


def _verify_export(path: Path, key: str, earlier: Path | None) -> None:
    from heard.cli.holds import verify_record
    from heard.cli.reports import verify_snapshot
    from heard.engine.errors import Refused
    from heard.export.checking import check_export
    from heard.export.hold_checking import is_hold
    from heard.export.past_checking import is_past
    from heard.export.snapshot_checking import is_snapshot

    raw = read_file(path, EXPORT_MAX_BYTES)
    if is_hold(raw):
        verify_record(raw, key, earlier)
        return
    if earlier:
        raise Refused("Only the record of a case under a legal hold is held to an earlier checkpoint.")
    if is_snapshot(raw):
        verify_snapshot(raw, key)
        return
    if is_past(raw):
        _verify_past(raw, key)
        return
    with progress("Verifying") as told:
        checked = check_export(raw, key, told)
    typer.echo(
        f"It holds: “{checked.case.title}”, {count(len(checked.case.posts), 'post')}. "
        f"{count(checked.entries, 'entry', 'entries')} proved to be in a journal of {checked.journal_size:,}."
    )
    if not checked.page_made_again:
        typer.echo("The page was made by another version of Heard; its words were compared, not every byte.")
    say_whose_key(checked.key, key)


def _verify_past(raw: bytes, key: str) -> None:
    from heard.export.past_checking import check_past

    with progress("Verifying") as told:
        checked = check_past(raw, key, told)
    past = checked.past
    typer.echo(
        f"It holds: the page of “{past.slug}” at {past.at.isoformat()}, {count(len(past.posts), 'post')}. "
        f"{count(checked.entries, 'entry', 'entries')} proved to be in a journal of {checked.journal_size:,}."
    )
    if checked.unproved:
        typer.echo(f"{count(checked.unproved, 'post')} without an entry here: erased since, or withheld then.")
    say_whose_key(checked.key, key)
