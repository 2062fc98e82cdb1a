"""A receipt as it is printed: three lists, the worst first."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import typer

from heard.cli.terminal import count

if TYPE_CHECKING:
    from heard.coverage.model import Receipt
    from heard.opening import House

#: A receipt is given before five seconds have passed; on a machine that is busy it may take a little longer.
PATIENCE_S, LOOK_EVERY_S = 8.0, 0.1
#: So many lines of each list; all of them are on the desk.
LINES_MAX = 20


def print_receipt(house: House, post: str) -> None:
    """Wait for the receipt of a post that was withdrawn just now, and print it; say so where none can come."""
    from heard.coverage import receipts
    from heard.engine.errors import NotFound, Unavailable

    try:
        receipt = receipts.of_subject(house.tables, post)
    except NotFound:
        typer.echo("No reader had seen it, so there is nothing to be proven gone.")
        return
    for _ in range(round(PATIENCE_S / LOOK_EVERY_S)):
        if receipt.first_at is not None or not house.is_served():
            break
        time.sleep(LOOK_EVERY_S)
        try:
            house.node.catch_up()
            receipt = receipts.of_subject(house.tables, post)
        except (Unavailable, NotFound):
            continue
    _print(receipt, house.is_served())
    slug = next(iter(house.tables.execute("SELECT slug FROM cases WHERE id = ?", (receipt.case,))))[0]
    typer.echo(f"The receipt, as it goes on: {house.address()}/desk/{slug}/receipts/{receipt.withdrawal}/")


def _print(receipt: Receipt, served: bool) -> None:
    if receipt.first_at is None:
        why = "no receipt came in time" if served else "no server runs here that could ask"
        typer.echo(f"NOT PROVEN gone anywhere: {why}.")
    elif receipt.not_proven:
        typer.echo(f"NOT PROVEN gone at {count(len(receipt.not_proven), 'address', 'addresses')}, asked again:")
        for one in receipt.not_proven[:LINES_MAX]:
            typer.echo(f"  {one.place}  {one.address}  {one.trouble}")
    if receipt.proven:
        places = ", ".join(dict.fromkeys(one.place for one in receipt.proven))
        typer.echo(f"Proven gone at {count(len(receipt.proven), 'address', 'addresses')}: {places}.")
    for post in receipt.also_said:
        typer.echo(f"The same words also stand in: {post}")
    typer.echo("Cannot be recalled: mail and alerts sent, search engines, archives, copies of others.")
