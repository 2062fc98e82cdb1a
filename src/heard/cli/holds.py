"""The record of a case under a legal hold, written and checked on the command line."""

from __future__ import annotations

from pathlib import Path

import typer

from heard.cli.terminal import count, progress, read_file, say_whose_key
from heard.opening import House

#: A checkpoint is three lines and signatures.
NOTE_MAX_BYTES = 64 * 1024


def write_record(house: House, slug: str, out: Path, why: str, *, names: bool) -> None:
    """One zip, readable for its owner alone, and checked before it has its name."""
    from heard.accounts import projection as accounts
    from heard.accounts.commands import OPERATOR
    from heard.engine.errors import Refused
    from heard.export.hold_checking import check_hold
    from heard.export.hold_making import export_hold
    from heard.store.media import keep_whole

    if out.exists() or not out.absolute().parent.is_dir():
        raise Refused(f"{out} is there already, or its folder is not. Nothing was written; give another name.")
    who = {one.id: one.name for one in accounts.all_accounts(house.tables)} | {OPERATOR: "the operator"}
    with progress("Exporting") as told:
        taken = export_hold(house.node, house.doors, house.media, slug, OPERATOR, why, who, names=names, progress=told)
    with progress("Checking") as told:
        check_hold(taken.content, taken.key, "", told)
    try:
        keep_whole(out, taken.content, replace=False)
    except OSError as wrong:
        raise Refused(f"{out} could not be written: {wrong.strerror}. That it was taken is in the journal.") from wrong
    carried = (
        f"{count(taken.entries, 'entry', 'entries')} with proof, {taken.not_carried:,} accounted for without words"
    )
    typer.echo(f"Wrote {out}: {count(taken.wordings, 'wording')}; {carried}, {count(taken.pictures, 'picture')}.")
    typer.echo(f"It holds words that were withdrawn{', and protected names' if names else ''}: keep it close.")
    typer.echo(f"Its key: {taken.key}")


def verify_record(raw: bytes, key: str, earlier: Path | None) -> None:
    from heard.export.hold_checking import check_hold

    before = read_file(earlier, NOTE_MAX_BYTES).decode(errors="replace") if earlier else ""
    with progress("Verifying") as told:
        checked = check_hold(raw, key, before, told)
    record = checked.record
    lines = count(len(record.lines), "entry", "entries")
    typer.echo(
        f"It holds: the record of “{record.slug}”, {count(len(record.wordings), 'wording')}; {lines} of the case."
    )
    typer.echo(f"{checked.entries:,} of them proved to be in a journal of {record.size:,}.")
    for why, said in (
        ("erased", "erased by law: the words exist nowhere"),
        ("name", "not carried, since a protected name is in it"),
        ("desk", "of the desk, not carried"),
    ):
        if number := sum(line.why == why for line in record.lines):
            typer.echo(f"{number:,} {said}.")
    if earlier:
        typer.echo(f"It goes on from the earlier checkpoint of {count(checked.earlier, 'entry', 'entries')}.")
    say_whose_key(checked.key, key)
