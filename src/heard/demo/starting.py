"""`heard demo`: a server that plays the fictional inquest and the night post, with links to desk and board."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from heard.accounts import commands, projection
from heard.demo.gate import set_up
from heard.demo.reports import record_reports
from heard.engine import now
from heard.engine.errors import NotFound
from heard.live.supervisor import serve
from heard.opening import open_house
from heard.signing_in import link_for
from heard.web.starting import argv

EDITOR = "editor@heard.example"


def demonstrate(data: Path, host: str, port: int, speed: float, say: Callable[[str], None] = print) -> None:
    """Serve the demonstration until stopped; what was typed into it is there again at the next start."""
    house = open_house(data)
    house.node.catch_up()
    try:
        editor = projection.by_email(house.tables, EDITOR)
    except NotFound:
        house.node.do(commands.add_account(EDITOR, "administrator", "You, at the desk"), by=commands.OPERATOR)
        editor = projection.by_email(house.tables, EDITOR)

    record_reports(house.node, now.today(), commands.OPERATOR)
    gate = set_up(house, commands.OPERATOR)

    def announce(address: str) -> None:
        house.vault.put("server", "address", address.encode())
        link, board = link_for(house, editor.id), link_for(house, gate.people["corwen"])
        house.close()
        say(
            f"\nHeard is running, and a fictional inquest is being heard.\n\n"
            f"  Read it    {address}/\n"
            f"  Write it   {link}\n"
            f"  Reports    {address}/reports/\n"
            f"  Watch it   {board}\n\n"
            "The second address and the last sign you in once; open the last in another browser or a private window. "
            "Posts come\nevery few seconds, and within two minutes a fictional post is left and it rings. "
            "Ctrl+C stops it; nothing is lost."
        )

    players = [
        [sys.executable, "-m", f"heard.demo.{name}", "--data", str(data), "--speed", str(speed)]
        for name in ("player", "phones")
    ]
    serve(data, host, port, 1, argv(data), companions=players, announce=announce)
