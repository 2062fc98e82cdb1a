"""Commands typed as people type them: a process of their own, with what it printed and how it ended."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple


class Ended(NamedTuple):
    code: int
    out: str
    err: str


def typed(data: Path, *words: str | Path, given: str = "") -> Ended:
    """Run `heard …` on a data directory; `given` is what is typed into it."""
    env = {**os.environ, "HEARD_DATA": str(data), "NO_COLOR": "1", "COLUMNS": "200"}
    argv = [sys.executable, "-m", "heard.cli", *map(str, words)]
    ended = subprocess.run(argv, input=given, capture_output=True, text=True, env=env, timeout=120)
    assert "Traceback" not in ended.stderr + ended.stdout, ended.stderr
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def worked(data: Path, *words: str | Path, given: str = "") -> str:
    """What a command printed that did what it was told."""
    ended = typed(data, *words, given=given)
    assert ended.code == 0, ended.err
    return ended.out


def refused(data: Path, *words: str | Path, given: str = "") -> str:
    """What a command said that could not do it: a sentence on standard error, nothing else, and a code of its own."""
    ended = typed(data, *words, given=given)
    assert ended.code != 0 and ended.err.strip(), ended
    return ended.err
