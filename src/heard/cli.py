"""The commands. Each works beside a running server, speaks plain English, and exits non-zero when it could not do it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from heard.engine.errors import HeardError

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Heard: from the hearing to the lesson.")
account = typer.Typer(no_args_is_help=True, help="Who may sign in.")
token = typer.Typer(no_args_is_help=True, help="Keys for programs.")
imports = typer.Typer(no_args_is_help=True, help="Take over what was written elsewhere.")
exports = typer.Typer(no_args_is_help=True, help="Give it away, whole and verifiable.")
app.add_typer(account, name="account")
app.add_typer(token, name="token")
app.add_typer(imports, name="import")
app.add_typer(exports, name="export")

Data = Annotated[Path, typer.Option("--data", envvar="HEARD_DATA", help="The data directory.")]
VAR = Path("var")


@app.command()
def serve(
    data: Data = VAR,
    host: Annotated[str, typer.Option(help="Loopback unless told otherwise.")] = "127.0.0.1",
    port: int = 8000,
    edges: Annotated[int, typer.Option(min=1, max=64)] = 1,
    witness: Annotated[Path | None, typer.Option(help="Another disk, for the newest checkpoint.")] = None,
    trusted_proxy: Annotated[list[str], typer.Option(help="Believe forwarding headers from here.")] = [],
) -> None:
    """Serve readers and the desk until stopped."""
    from heard.live.supervisor import serve as supervise
    from heard.opening import open_house

    open_house(data).close()  # refuses at once, in words, what could not be served
    supervise(data, host, port, edges=edges, app_argv=_app_argv(data, witness, trusted_proxy))


def _app_argv(data: Path, witness: Path | None, trusted_proxy: list[str]) -> list[str]:
    proxies = [part for net in trusted_proxy for part in ("--trusted-proxy", net)]
    watched = ["--witness", str(witness)] if witness else []
    return [sys.executable, "-m", "heard.web.process", "--data", str(data), *watched, *proxies]


@account.command("add")
def account_add(email: str, role: Annotated[str, typer.Option()], data: Data = VAR, name: str = "") -> None:
    """Add an account, and print a sign-in link that works once."""
    from heard.accounts import commands, projection
    from heard.opening import open_house
    from heard.signing_in import known_role, link_for

    house = open_house(data)
    house.node.do(commands.add_account(email, known_role(role), name), by=commands.OPERATOR)
    added = projection.by_email(house.tables, email)
    typer.echo(f"Added {role}. This link signs in once, within a day:\n{link_for(house, added.id)}")


@account.command("link")
def account_link(email: str, data: Data = VAR) -> None:
    """Print another sign-in link for an account."""
    from heard.accounts import projection
    from heard.opening import open_house
    from heard.signing_in import link_for

    house = open_house(data)
    house.node.catch_up()
    typer.echo(link_for(house, projection.by_email(house.tables, email).id))


@token.command("add")
def token_add(account: Annotated[str, typer.Option()], scope: Annotated[str, typer.Option()], data: Data = VAR) -> None:
    """Add a token for programs, and print it: it is shown this once."""
    from heard.opening import open_house
    from heard.signing_in import token_for

    typer.echo(token_for(open_house(data), account, scope))


def main() -> None:
    try:
        app()
    except HeardError as error:
        _say(error)


def _say(error: HeardError) -> NoReturn:
    typer.echo(error.message, err=True)
    raise SystemExit(1)


if __name__ == "__main__":
    main()
