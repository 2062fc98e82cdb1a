"""`heard serve` and `heard demo`."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from heard.cli.terminal import VAR, Data, Witness

if TYPE_CHECKING:
    from heard.opening import House

app = typer.Typer()

#: A journal that is away at the start is looked for so often.
AGAIN_S = 1.0

Host = Annotated[str, typer.Option(help="Loopback unless told otherwise.")]
Journal = Annotated[
    str | None,
    typer.Option(envvar="HEARD_JOURNAL", help="postgresql://… for many machines; else it is in the data directory."),
]
Mail = Annotated[str, typer.Option(envvar="HEARD_MAIL", help="smtp://user:password@host:587/?from=… for followers.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="0 takes any that is free.")]


@app.command()
def serve(
    data: Data = VAR,
    host: Host = "127.0.0.1",
    port: Port = 8000,
    edges: Annotated[int, typer.Option(min=1, max=64, help="Processes that hold readers.")] = 1,
    journal: Journal = None,
    witness: Witness = None,
    trusted_proxy: Annotated[list[str], typer.Option(help="Believe forwarding headers from here.")] = [],  # noqa: B006
    cache: Annotated[list[str], typer.Option(help="A cache in front, to be told what was withdrawn.")] = [],  # noqa: B006
    public: Annotated[list[str], typer.Option(help="The site's address as readers type it.")] = [],  # noqa: B006
    embeds_from: Annotated[list[str], typer.Option(help="What readers may load from here on a click.")] = [],  # noqa: B006
    mail: Mail = "",
    cot: Annotated[str, typer.Option(help="Take Cursor-on-Target in here, as 127.0.0.1:8087.")] = "",
) -> None:
    """Serve readers and the desk until stopped."""
    from heard.coverage.cards import origins
    from heard.deliver.mailing import mailbox
    from heard.deliver.purging import parts
    from heard.engine.errors import Refused, Unavailable
    from heard.live.supervisor import serve as supervise
    from heard.opening import open_house
    from heard.store.place import is_elsewhere
    from heard.web.starting import argv

    # Refuses at once, in words, what could not be served.
    for address in [*cache, *public]:
        parts(address)
    if mail:
        mailbox(mail)
        os.environ["HEARD_MAIL"] = mail  # for the processes that send
    if cot and not re.fullmatch(r".+:\d{1,5}", cot):
        raise Refused("Say where to listen for Cursor-on-Target as host:port, such as 127.0.0.1:8087.")
    house = _opened(lambda: open_house(data, journal=journal, witness=witness), waits=is_elsewhere(data, journal))

    def announce(address: str) -> None:
        with suppress(Unavailable):  # a commit that waits for a standby: links keep the address of the start before
            house.vault.put("server", "address", address.encode())
        house.close()
        typer.echo(f"Heard is at {address}/")

    supervise(
        data,
        host,
        port,
        edges,
        argv(data, witness, trusted_proxy, cache, public, origins(embeds_from), cot),
        announce=announce,
    )


def _opened(opens: Callable[[], House], *, waits: bool) -> House:
    """The data directory, opened; where another machine has its journal, as soon as that answers.

    After a power cut both start at once, and the one must not depend on the other's being quicker.
    """
    from heard.engine.errors import Unavailable

    said = ""
    while True:
        try:
            return opens()
        except Unavailable as away:
            if not waits:
                raise
            if away.message != said:
                said = away.message
                typer.echo(f"{said} Heard waits for it, and begins by itself when it answers.", err=True)
        time.sleep(AGAIN_S)


@app.command()
def demo(
    data: Data = Path("var/demo"),
    host: Host = "127.0.0.1",
    port: Port = 8000,
    speed: Annotated[float, typer.Option(min=0.01, max=1000, help="Times as fast as it was written.")] = 1.0,
) -> None:
    """Play a fictional inquest as if it were live."""
    from heard.demo.starting import demonstrate

    demonstrate(data, host, port, speed, typer.echo)
