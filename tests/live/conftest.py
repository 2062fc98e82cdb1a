from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from heard.live.limits import Limits
from tests.live.edge_alone import EdgeAlone
from tests.live.running import Running


@pytest.fixture
def start_edge(tmp_path: Path) -> Iterator[Callable[..., EdgeAlone]]:
    """An edge process with limits of the test's choice."""
    started: list[EdgeAlone] = []

    def start(**limits: Any) -> EdgeAlone:
        folder = tmp_path / f"edge{len(started)}"
        folder.mkdir()
        started.append(EdgeAlone(folder, Limits(**limits)))
        return started[-1]

    yield start
    for edge in started:
        edge.close()


@pytest.fixture
def edge(start_edge: Callable[..., EdgeAlone]) -> EdgeAlone:
    """An edge with an app that has said hello."""
    edge = start_edge()
    edge.new_app()
    return edge


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """The whole of it: supervisor, edges, app."""
    started: list[Running] = []

    def start(*app_arguments: str, edges: int = 1, **limits: Any) -> Running:
        started.append(Running(tmp_path / f"data{len(started)}", app_arguments, edges, Limits(**limits)))
        return started[-1]

    yield start
    for running in started:
        running.close()
