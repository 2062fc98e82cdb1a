"""Only engine/now.py asks what time it is: everything else is told, and can be told otherwise in a test."""

from __future__ import annotations

import ast

import pytest

from tests.tidy.tree import module_of, parsed, sources

WALL_CLOCK = {
    "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "datetime.datetime.now",
    "datetime.datetime.utcnow", "datetime.datetime.today", "datetime.date.today",
    "time.time", "time.time_ns", "time.localtime", "time.gmtime", "time.ctime", "time.strftime", "uuid.uuid1",
}  # fmt: skip
# How long something took is not what time it is; still, only what waits or measures may ask.
STOPWATCH = {"time.monotonic", "time.monotonic_ns", "time.perf_counter", "time.perf_counter_ns"}
MAY_MEASURE = ("live", "store.postgres")


def dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else "?"


def asked(tree: ast.Module) -> set[str]:
    """The clock functions that a file names, by whatever alias they were imported."""
    alias = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in ("time", "datetime", "uuid"):
            alias |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
        elif isinstance(node, ast.Import):
            alias |= {a.asname: a.name for a in node.names if a.asname}
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Name):
            first, *rest = dotted(node).split(".")
            found.add(".".join((alias.get(first, first), *rest)))
    return found & (WALL_CLOCK | STOPWATCH)


def test_only_the_engines_now_asks_the_time() -> None:
    found = {
        module_of(path): sorted(asked(parsed(path)) & WALL_CLOCK)
        for path in sources()
        if module_of(path) != "engine.now" and asked(parsed(path)) & WALL_CLOCK
    }
    assert not found


def test_only_what_waits_or_measures_holds_a_stopwatch() -> None:
    found = {
        module_of(path): sorted(asked(parsed(path)) & STOPWATCH)
        for path in sources()
        if not module_of(path).startswith(MAY_MEASURE) and asked(parsed(path)) & STOPWATCH
    }
    assert not found


@pytest.mark.parametrize(
    "source",
    [
        "from datetime import datetime, UTC\nx = datetime.now(UTC)",
        "import datetime as d\nx = d.datetime.utcnow()",
        "from time import time as clock\nx = clock()",
        "import time\nask = time.time\n",
        "from datetime import date\nx = date.today()",
    ],
)
def test_control_every_way_of_asking_is_seen(source: str) -> None:
    assert asked(ast.parse(source)) & WALL_CLOCK


def test_control_arithmetic_on_times_is_not_asking() -> None:
    assert not asked(ast.parse("from datetime import datetime\ndef f(x: str): return datetime.fromisoformat(x)"))
