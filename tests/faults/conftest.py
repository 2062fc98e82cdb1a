"""What the tests of faults share: real servers that a few lines have changed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def mutant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Every server that is started from now on is changed by these lines."""

    def changed(by: str) -> None:
        (tmp_path / "sitecustomize.py").write_text(by)
        before = os.environ.get("PYTHONPATH")
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(tmp_path), before])))
        monkeypatch.setenv("DIED_UNTOLD", str(tmp_path / "died-untold"))

    return changed
