"""What the commands share: the data directory they work on, and how they speak to whoever typed them."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from heard.engine.errors import HeardError, Refused

if TYPE_CHECKING:
    from heard.opening import House

Data = Annotated[Path, typer.Option("--data", envvar="HEARD_DATA", help="The data directory.")]
Witness = Annotated[
    Path | None, typer.Option(help="A folder on another disk, for the newest checkpoint and what was withdrawn.")
]
VAR = Path("var")
#: As much is read from what is no file, and may never end.
PIPE_MAX_BYTES = 64 * 1024**2


@contextmanager
def ended_in_words() -> Iterator[None]:
    """Whatever can go wrong with what was typed ends in a sentence, and in an exit code that is not nought."""
    try:
        yield
    except HeardError as error:
        _end(error.message)
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has gone, and is told no more
        raise SystemExit(1) from None
    except OSError as wrong:
        about = f" ({wrong.filename})" if wrong.filename else ""
        _end(f"The system refused this: {wrong.strerror or wrong}{about}. What was done before it stays.")


def _end(words: str) -> NoReturn:
    typer.echo(words, err=True)
    raise SystemExit(1)


@contextmanager
def opened(data: Path, *, make: bool = False, witness: Path | None = None) -> Iterator[House]:
    """The data directory, everything that is in its journal folded.

    Raises Refused where there is none, unless it is to be made.
    """
    from heard.opening import open_house
    from heard.web.timekeeping import as_it_goes, newest_at

    if not make:
        existing(data)
    house = open_house(data, witness=witness)
    try:
        house.node.catch_up()
        with as_it_goes(data, newest_at(house.store)):
            yield house
        if house.witness:
            house.witness.keep_head(house.journal)
    finally:
        house.close()


def existing(data: Path) -> None:
    """Raises Refused where there is no data directory."""
    if not any((data / name).exists() for name in ("journal.sqlite", "journal.address")):
        raise Refused(
            f"There is no data of Heard in {data}. Nothing was changed. Name the folder with --data, or in HEARD_DATA."
        )


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error, told how much of how much is done; nothing where that is no terminal."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def read_file(path: Path, at_most: int) -> bytes:
    """The content of a file that was named on the command line; a pipe, or a device, may give less than a file.

    Raises Refused when it cannot be read, or is larger.
    """
    try:
        with path.open("rb") as file:
            about = os.fstat(file.fileno())
            is_file = stat.S_ISREG(about.st_mode)
            limit = at_most if is_file else min(at_most, PIPE_MAX_BYTES)
            content = file.read(min(about.st_size, limit) + 1 if is_file else limit + 1)
    except OSError as wrong:
        why = (wrong.strerror or str(wrong)).lower()
        raise Refused(f"{path} cannot be read: {why}. Nothing was changed.") from wrong
    if len(content) > limit:
        raise Refused(f"{path} is larger than {limit // 1024**2:,} MiB. Nothing was changed.")
    return content


def say_whose_key(signed_with: str, key: str) -> None:
    """Whose signature was checked: that of the `key` that was given, or one whose owner has to be asked."""
    typer.echo(f"Signed with {signed_with}")
    if not key:
        typer.echo("Whether that is the publisher's key only they can say: compare it with the one they give (--key).")


def count(number: int, one: str, many: str = "") -> str:
    """ "1 post", "1,200 posts"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
