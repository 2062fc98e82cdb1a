"""docs/formats/stream.md is true: its example client runs as it is printed, and its figures are the server's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from heard.engine import frames
from heard.live.limits import Limits
from tests.live.edge_alone import EPOCH, SLUG, EdgeAlone

SPECIFICATION = (Path(__file__).parents[2] / "docs" / "formats" / "stream.md").read_text("utf-8")


def test_the_client_in_the_specification_follows_a_case(edge: EdgeAlone) -> None:
    [source] = re.findall(r"```python\n(.*?)```", SPECIFICATION, re.S)
    names: dict[str, Any] = {}
    exec(source, names)
    changes: Iterator[Any] = names["follow"](f"http://127.0.0.1:{edge.port}", SLUG)
    edge.post("p1")
    edge.post("p2")
    assert [next(changes)["id"] for _ in range(2)] == ["p1", "p2"]
    edge.post("p1", kind="corrected")
    assert next(changes)["kind"] == "corrected"
    assert next(names["follow"](f"http://127.0.0.1:{edge.port}", SLUG, f"{EPOCH}.999")) is None


def test_the_kinds_in_the_specification_are_those_there_are() -> None:
    table = SPECIFICATION.split("| `kind` | |\n")[1].split("\n\n")[0]
    named = {name for row in table.splitlines() for name in re.findall(r"`([a-z]+)`", row.split("|")[1])} - {"id"}
    assert named == frames.POST_KINDS | frames.AREAS


def test_the_figures_in_the_specification_are_the_servers() -> None:
    limits = Limits()
    for said in (
        f"at most {frames.FRAME_BYTES_MAX // 1024} KiB long",
        f"more\n  than {frames.FRAMES_BEHIND_MAX} frames or {frames.CATCH_UP_BYTES_MAX // 1024} KiB back",
        f"at least every {limits.heartbeat_s:.0f} seconds",
        f"({limits.retry_from_s:.0f} to {limits.retry_to_s:.0f} seconds)",
        f"takes nothing for {limits.stuck_s:.0f} seconds, or is more than {limits.behind_bytes // 2**20} MiB behind",
        f"else after {limits.poll_s:.0f} seconds",
    ):
        assert said in SPECIFICATION, said
