"""What an operator can do to a case when the desk is not at hand: open it, withdraw a post, restrict, hold."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, cast

import typer

from heard.cases.orders import KINDS, checked_kind
from heard.cli.receipts import print_receipt
from heard.cli.terminal import VAR, Data, Witness, count, opened

if TYPE_CHECKING:
    from heard.opening import House

app = typer.Typer()
case = typer.Typer(no_args_is_help=True, help="Cases.")

Slug = Annotated[str, typer.Argument(help="The case's address.")]
Ground = Annotated[str, typer.Option(help="Why; it stays on the desk.")]


@case.command("open")
def case_open(
    slug: Slug,
    title: Annotated[str, typer.Option()],
    standfirst: str = "",
    zone: str = "Europe/London",
    data: Data = VAR,
) -> None:
    """Open a case; its coverage is announced."""
    from heard.accounts.commands import OPERATOR
    from heard.cases import commands

    with opened(data, make=True) as house:
        house.node.do(commands.open_case(slug, title, standfirst, zone), by=OPERATOR)
        typer.echo(f"Opened {house.address()}/{slug}/")


@case.command("list")
def case_list(data: Data = VAR) -> None:
    """Print every case: address, state, title; a held one is marked."""
    from heard.cases import projection
    from heard.coverage.projection import of_case

    with opened(data) as house:
        for one in projection.all_cases(house.tables):
            held = " (held)" if projection.is_held(house.tables, one.id) else ""
            typer.echo(f"{one.slug}\t{of_case(house.tables, one.id).state}{held}\t{one.title}")


@app.command()
def retract(
    post: Annotated[str, typer.Argument(help="The id of the post, as in its address.")],
    code: Annotated[str, typer.Option(help="legal, error, care or source: what readers are told.")] = "error",
    notice: Annotated[str, typer.Option(help="Your own words for readers instead.")] = "",
    reason: Annotated[str, typer.Option(help="Why; it stays on the desk.")] = "",
    wait: Annotated[bool, typer.Option(help="Wait up to eight seconds for the receipt, and print it.")] = True,
    witness: Witness = None,
    data: Data = VAR,
) -> None:
    """Withdraw a post from every page, stream and feed; a dated notice stays. Works when nothing else does."""
    from heard.accounts.commands import OPERATOR
    from heard.coverage import commands, model, projection
    from heard.coverage.entries import NoticeCode
    from heard.engine.errors import Refused

    if code not in model.RETRACTION_NOTICES:
        codes = ", ".join(model.RETRACTION_NOTICES)
        raise Refused(f"There is no notice “{code[:20]}”. They are: {codes}. Nothing was changed.")
    with opened(data, witness=witness) as house:
        command = commands.retract(house.doors, post, reason, cast(NoticeCode, code), notice)
        house.node.do(command, by=OPERATOR)
        told = projection.by_id(house.tables, post).notices
        typer.echo(f"Withdrawn. In its place stands: {told[-1].text}" if told else "Withdrawn.")
        if wait:
            print_receipt(house, post)


@app.command()
def erase(
    post: Annotated[str, typer.Argument(help="The id of the post, as in its address.")],
    basis: Annotated[str, typer.Option(help="The law or order that demands it; kept, and never shown to readers.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask again.")] = False,
    witness: Witness = None,
    data: Data = VAR,
) -> None:
    """Destroy the words of a post for ever, by law; a notice stays. Not to be undone: to keep them sealed, retract."""
    from heard.accounts.commands import OPERATOR
    from heard.coverage import commands

    if not yes:
        typer.confirm("The words will be destroyed, for lawyers too. Go on?", abort=True)
    with opened(data, witness=witness) as house:
        house.node.do(commands.erase(house.journal, post, basis), by=OPERATOR)
        typer.echo("Erased. Copies of the vault made before today still hold the keys: see docs/operating/backup.md.")


@app.command()
def restrict(
    slug: Slug,
    basis: Annotated[str, typer.Option(help="The order or statute.")],
    name: Annotated[list[str], typer.Option(help="A name; without it, names are read from input, a line each.")] = [],  # noqa: B006
    cipher: Annotated[str, typer.Option(help="What the person may be called instead.")] = "",
    scope: Annotated[str, typer.Option(help="What it forbids, for the desk.")] = "",
    order: Annotated[str, typer.Option(help=f"Its kind: {', '.join(KINDS)}.")] = "anonymity",
    until_event: Annotated[str, typer.Option(help="Until what happens; it ends when somebody records so.")] = "",
    sure: Annotated[bool, typer.Option(help="Yes, even the name of who died.")] = False,
    data: Data = VAR,
) -> None:
    """Record a restriction. From then on nothing that says one of the names leaves; past posts are withheld too."""
    from heard.accounts.commands import OPERATOR
    from heard.cases import commands, projection

    with opened(data) as house:
        case = projection.by_slug(house.tables, slug)
        names = name or _typed_names()
        command = commands.impose_restriction(
            case.id,
            basis,
            names,
            order=checked_kind(order),
            cipher=cipher,
            scope=scope,
            until_event=until_event,
            sure=sure,
        )
        house.node.do(command, by=OPERATOR)
        recorded = projection.restrictions(house.tables, case.id)[-1]
        typer.echo(f"Recorded restriction {recorded.id}, which protects {count(len(names), 'name')}.")


def _typed_names() -> list[str]:
    """One a line. They are not asked for as options alone, since a shell remembers those."""
    if sys.stdin.isatty():
        typer.echo("Type the names, one a line; end with Ctrl+D.", err=True)
    return [line.strip() for line in sys.stdin if line.strip()]


@app.command()
def lift(
    slug: Slug,
    restriction: Annotated[str, typer.Argument(help="Its id; `heard restrictions SLUG` prints those in force.")],
    ground: Ground,
    sure: Annotated[bool, typer.Option(help="Yes, even a protection for life.")] = False,
    data: Data = VAR,
) -> None:
    """Record that a restriction was lifted."""
    from heard.accounts.commands import OPERATOR
    from heard.cases import commands

    with opened(data) as house:
        house.node.do(commands.lift_restriction(_case(house, slug), restriction, ground, sure=sure), by=OPERATOR)
        typer.echo(f"Lifted {restriction}. What it withheld is shown again.")


@app.command()
def restrictions(slug: Slug, data: Data = VAR) -> None:
    """Print the ids of the restrictions in force, and since when; never a name."""
    from heard.cases import projection

    with opened(data) as house:
        for one in projection.restrictions(house.tables, _case(house, slug)):
            entry = house.journal.entry(one.position)
            if entry:
                typer.echo(f"{one.id}\tsince {entry.at:%Y-%m-%d %H:%M} UTC")


@app.command()
def hold(slug: Slug, ground: Ground, data: Data = VAR) -> None:
    """Stop everything of a case at the door, until someone lets it go."""
    from heard.accounts.commands import OPERATOR
    from heard.cases import commands

    with opened(data) as house:
        house.node.do(commands.hold_case(_case(house, slug), ground), by=OPERATOR)
        typer.echo(f"Nothing of {slug} leaves now. `heard let-go {slug}` ends this.")


@app.command("legal-hold")
def legal_hold(
    slug: Slug, ground: Ground, end: Annotated[bool, typer.Option("--end", help="End it.")] = False, data: Data = VAR
) -> None:
    """Keep everything of a case from being erased, for a court or a claim; --end ends it."""
    from heard.accounts.commands import OPERATOR
    from heard.cases.legal_hold import end_legal_hold, place_legal_hold

    with opened(data) as house:
        case = _case(house, slug)
        house.node.do((end_legal_hold if end else place_legal_hold)(case, ground), by=OPERATOR)
        typer.echo(f"The legal hold on {slug} is ended." if end else f"Nothing of {slug} can be erased now.")


@app.command("let-go")
def let_go(slug: Slug, ground: Ground, data: Data = VAR) -> None:
    """End the hold on a case."""
    from heard.accounts.commands import OPERATOR
    from heard.cases import commands

    with opened(data) as house:
        house.node.do(commands.let_case_go(_case(house, slug), ground), by=OPERATOR)
        typer.echo(f"{slug} is shown again.")


def _case(house: House, slug: str) -> str:
    from heard.cases import projection

    return projection.by_slug(house.tables, slug).id
