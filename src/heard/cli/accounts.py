"""`heard account` and `heard token`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from heard.cli.terminal import VAR, Data, opened

if TYPE_CHECKING:
    from heard.opening import House

account = typer.Typer(no_args_is_help=True, help="Who may sign in.")
token = typer.Typer(no_args_is_help=True, help="Keys for programs.")


@account.command("add")
def account_add(
    email: str, role: Annotated[str, typer.Option(help="Such as editor.")], data: Data = VAR, name: str = ""
) -> None:
    """Add an account, and print a sign-in link that works once."""
    from heard.accounts import commands, projection
    from heard.signing_in import known_role, link_for

    with opened(data, make=True) as house:
        house.node.do(commands.add_account(email, known_role(role), name), by=commands.OPERATOR)
        added = projection.by_email(house.tables, email)
        typer.echo(f"Added {role}. This link signs in once, within a day:\n{link_for(house, added.id)}")


@account.command("link")
def account_link(email: str, data: Data = VAR) -> None:
    """Print another sign-in link for an account."""
    from heard.accounts import projection
    from heard.signing_in import link_for

    with opened(data) as house:
        typer.echo(link_for(house, projection.by_email(house.tables, email).id))


@account.command("sign-out")
def account_sign_out(email: str, data: Data = VAR) -> None:
    """End every session of an account, and every link not used yet: within a second, on every device."""
    from heard.accounts import commands, projection

    with opened(data) as house:
        house.node.do(commands.end_sessions(projection.by_email(house.tables, email).id), by=commands.OPERATOR)
        typer.echo("Ended. `heard account link` makes a new link.")


@account.command("role")
def account_role(
    email: str,
    case: Annotated[str, typer.Option(help="The address of the case.")],
    role: Annotated[str, typer.Option(help="Such as reporter; without it, the role they have there is taken.")] = "",
    data: Data = VAR,
) -> None:
    """Give an account a role in one case, besides the one in the whole house; or take it."""
    from heard.accounts import commands, projection
    from heard.cases import projection as cases
    from heard.signing_in import known_case_role

    with opened(data) as house:
        account, of = projection.by_email(house.tables, email).id, cases.by_slug(house.tables, case).id
        given = commands.give_role(account, of, known_case_role(role)) if role else commands.take_role(account, of)
        house.node.do(given, by=commands.OPERATOR)
        typer.echo(f"From the next request on they are {role} there." if role else "Taken, from the next request on.")


@account.command("factors")
def account_factors(email: str, data: Data = VAR) -> None:
    """Print what an account signs in with besides a link: id, sort, since when, name."""
    from heard.accounts import projection
    from heard.engine import now

    with opened(data) as house:
        for one in projection.factors(house.tables, projection.by_email(house.tables, email).id):
            typer.echo(f"{one.id}\t{one.sort}\t{now.text(one.added_at)}\t{one.label}")


@account.command("remove-factor")
def account_remove_factor(
    email: str, factor: Annotated[str, typer.Argument(help="Its id, from `heard account factors`.")], data: Data = VAR
) -> None:
    """Remove one of them: whoever has it is let in no more, and every session that began with it ends."""
    from heard.accounts import commands, factors, projection

    with opened(data) as house:
        account = projection.by_email(house.tables, email).id
        house.node.do(commands.remove_factor(account, factor), by=commands.OPERATOR)
        factors.forget(house.journal, factor)
        typer.echo("Removed. Every session that began with it has ended.")


@account.command("recover")
def account_recover(email: str, data: Data = VAR) -> None:
    """Let somebody in again who has lost what they sign in with: all of it is removed, and a link printed."""
    from heard.accounts import commands, factors, passwords, projection
    from heard.accounts.recovery import recover
    from heard.signing_in import link_for

    with opened(data) as house:
        account = projection.by_email(house.tables, email).id
        had, password = projection.factors(house.tables, account), projection.password(house.tables, account)
        house.node.do(recover(account, commands.OPERATOR), by=commands.OPERATOR)
        for one in had:
            factors.forget(house.journal, one.id)
        if password:
            passwords.forget(house.journal, password[0])
        typer.echo(f"Every session has ended. This link signs in once, within a day:\n{link_for(house, account)}")


@account.command("demand-factor")
def account_demand_factor(
    data: Data = VAR, demanded: Annotated[bool, typer.Option("--on/--off", help="Whether it is demanded.")] = True
) -> None:
    """Demand a second factor of everybody: without one an account may do nothing but add one."""
    from heard.accounts import commands

    with opened(data) as house:
        house.node.do(commands.demand_factor(demanded), by=commands.OPERATOR)
        typer.echo("Demanded of everybody, from now on." if demanded else "No longer demanded.")


@account.command("list")
def account_list(data: Data = VAR) -> None:
    """Print every account: address, role, name."""
    from heard.accounts import projection

    with opened(data) as house:
        for one in projection.all_accounts(house.tables):
            typer.echo(f"{one.email}\t{one.role}\t{one.name}")


@token.command("add")
def token_add(
    account: Annotated[str, typer.Option(help="The address of the account it acts for.")],
    scope: Annotated[str, typer.Option(help="read, write or admin.")],
    data: Data = VAR,
) -> None:
    """Add a token for programs, and print it: it is shown this once."""
    from heard.signing_in import token_for

    with opened(data) as house:
        typer.echo(token_for(house, account, scope))


@token.command("list")
def token_list(data: Data = VAR) -> None:
    """Print the id, account and scope of every token; the tokens themselves are kept nowhere."""
    from heard.accounts import projection

    with opened(data) as house:
        for id, email, scope in projection.all_tokens(house.tables):
            typer.echo(f"{id}\t{email}\t{scope}")


@token.command("revoke")
def token_revoke(
    token: Annotated[str, typer.Argument(help="Its id, from `heard token list`, or the token itself.")],
    data: Data = VAR,
) -> None:
    """End a token; whoever has it is let in no more."""
    from heard.accounts import commands, secrets

    with opened(data) as house:
        kept = secrets.find(house.vault, "token", token)
        id = kept.token if kept else token
        house.node.do(commands.revoke_token(id), by=commands.OPERATOR)
        typer.echo(f"Revoked {id}.")


def importing(house: House, by: str, slug: str) -> str:
    """Who brings something in from elsewhere: the account of this address, bound as at the desk, or the operator.

    Raises Refused for one who publishes nothing in the case at this address.
    """
    from heard.accounts import commands, projection
    from heard.accounts.model import Caller, who_may
    from heard.cases import projection as cases
    from heard.engine.errors import NotFound, Refused

    if not by:
        return commands.OPERATOR
    house.node.catch_up()
    named = projection.by_email(house.tables, by)
    try:
        case = cases.by_slug(house.tables, slug).id
    except NotFound:
        case = ""
    if not Caller(named, by_case=projection.case_roles(house.tables, named.id)).at(case).may("publish"):
        raise Refused(f"This account publishes nothing there. Nothing was imported; it takes {who_may('publish')}.")
    return named.id
