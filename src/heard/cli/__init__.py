"""The commands. Each works beside a running server, speaks plain English, and exits non-zero when it could not do it.

What is imported here is imported at every start, so a command brings what it needs itself.
"""

from __future__ import annotations

import typer

from heard.cli import accounts, cases, moving, reports, safekeeping, serving, watch
from heard.cli.terminal import ended_in_words

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Heard: from the hearing to the lesson.",
)
app.add_typer(serving.app)
app.add_typer(cases.app)
app.add_typer(cases.case, name="case")
app.add_typer(moving.imports, name="import")
app.add_typer(moving.exports, name="export")
app.add_typer(moving.app)
app.add_typer(safekeeping.app)
app.add_typer(accounts.account, name="account")
app.add_typer(accounts.token, name="token")
app.add_typer(watch.app, name="watch")
app.add_typer(reports.app, name="reports")


def main() -> None:
    with ended_in_words():
        app()
