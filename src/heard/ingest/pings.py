"""Pings as healthchecks has them: one address, and what happened as its last part.

Read from healthchecks.io/docs/http_api. A job or a device asks for `/ping/<uuid>` when it has done what it does;
`/start`, `/fail` and `/log` say so, and a number is the exit status of a command: 0 is done, anything else failed. They
claim no time. Of what is sent with them nothing is kept: it is a command's output, and may hold anything.
"""

from __future__ import annotations

import re
from datetime import datetime
from urllib.parse import parse_qsl

from heard.engine.errors import Refused
from heard.ingest.fixes import Told

_UUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
_PATH = re.compile(rf"/ping/({_UUID})(?:/(start|fail|log|\d{{1,3}}))?/?", re.ASCII)
#: A path and query are bounded by whoever reads them from the wire; this is for who does not.
QUERY_MAX = 1_000


def read(path: str, received_at: datetime, query: str = "") -> Told:
    """What a ping tells: its kind is `ping.success`, `ping.start`, `ping.fail` or `ping.log`, its source the uuid.

    Its facts are `check` (the uuid), `exit_status` and `run` (the `rid` that joins a start to its end) where given.
    Raises Refused for an address that is not a ping's.
    """
    parts = _PATH.fullmatch(path)
    if parts is None:
        raise Refused(
            "This is no ping. Nothing was kept. Ask for /ping/ with the uuid of a check, and after it nothing, /start, "
            "/fail, /log or an exit status from 0 to 255."
        )
    check, said = parts[1].lower(), parts[2] or "success"
    facts: dict[str, str | int] = {"check": check}
    if said.isdecimal():
        facts["exit_status"] = status = int(said)
        if status > 255:
            raise Refused("An exit status is from 0 to 255. Nothing was kept.")
        said = "fail" if status else "success"
    if run := _run(query):
        facts["run"] = run
    return Told(kind=f"ping.{said}", source=check, received_at=received_at, facts=facts)


def _run(query: str) -> str:
    try:
        pairs = parse_qsl(query[:QUERY_MAX], keep_blank_values=True, max_num_fields=20)
        runs = [value for name, value in pairs if name == "rid"]
    except ValueError:
        runs = [""]
    if len(query) > QUERY_MAX or (runs and not re.fullmatch(_UUID, runs[-1], re.ASCII)):
        raise Refused("“rid” is to be one uuid, the same at the start and at the end. Nothing was kept.")
    return runs[-1].lower() if runs else ""
