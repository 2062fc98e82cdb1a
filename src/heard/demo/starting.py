"""`heard demo`: a server that plays the fictional inquest and the night post, with links to desk and board."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from heard.accounts import commands, projection
from heard.accounts.entries import Role
from heard.demo.gate import link_to_read, set_up
from heard.demo.reports import record_reports
from heard.engine import now
from heard.engine.errors import NotFound
from heard.live.supervisor import serve
from heard.opening import House, open_house
from heard.signing_in import link_for
from heard.web.starting import argv

EDITOR, LAWYER = "editor@heard.example", "lawyer@heard.example"


def demonstrate(data: Path, host: str, port: int, speed: float, say: Callable[[str], None] = print) -> None:
    """Serve the demonstration until stopped; what was typed into it is there again at the next start."""
    house = open_house(data)
    house.node.catch_up()
    editor = _account(house, EDITOR, "administrator", "You, at the desk")
    lawyer = _account(house, LAWYER, "lawyer", "You, as the lawyer")
    record_reports(house.node, now.today(), commands.OPERATOR)
    gate = set_up(house, commands.OPERATOR)

    def announce(address: str) -> None:
        house.vault.put("server", "address", address.encode())
        desk, law, board = (link_for(house, one) for one in (editor, lawyer, gate.people["corwen"]))
        order = link_to_read(house, gate)
        house.close()
        say(
            f"\nHeard is running, and a fictional inquest is being heard.\n\n"
            f"  Read it    {address}/\n"
            f"  Write it   {desk}\n"
            f"  Law        {law}\n"
            f"  Reports    {address}/reports/\n"
            f"  Watch it   {board}\n" + (f"  An order   {address}{order}\n" if order else "") + "\n"
            "Three of these sign you in, once, each as somebody else: open each in a browser or a private window of\n"
            "its own. The lawyer sees every order, stops reporting, and takes the record of a case. Posts come every\n"
            "few seconds, and within two minutes a fictional post is left and it rings.\n"
            + ("The order is read without signing in, by whoever keeps a lock by day, once.\n" if order else "")
            + "Ctrl+C stops it; nothing is lost."
        )

    players = [
        [sys.executable, "-m", f"heard.demo.{name}", "--data", str(data), "--speed", str(speed)]
        for name in ("player", "phones")
    ]
    serve(data, host, port, 1, argv(data), companions=players, announce=announce)


def _account(house: House, email: str, role: Role, name: str) -> str:
    try:
        return projection.by_email(house.tables, email).id
    except NotFound:
        house.node.do(commands.add_account(email, role, name), by=commands.OPERATOR)
        return projection.by_email(house.tables, email).id
