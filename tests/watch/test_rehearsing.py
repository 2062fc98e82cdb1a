"""`heard watch rehearse`, as it is typed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

CHECKS: dict[str, Any] = {
    "obligation": {
        "op": "every", "do": "check", "period_s": 1800, "while": {"duty": "post 7"},
        "escalate": [{"after_s": 0, "to": "the inspector"}],
    },
    "evidence": [
        {"r": "2031-03-03T08:00:00Z", "kind": "duty.start", "post": "post 7", "who": "A"},
        {"r": "2031-03-03T08:20:00Z", "kind": "check", "post": "post 7"},
    ],
    "until": "2031-03-03T09:00:00Z",
}  # fmt: skip


def rehearse(tmp_path: Path, written: Any) -> subprocess.CompletedProcess[str]:
    file = tmp_path / "rehearsal.json"
    file.write_text(written if isinstance(written, str) else json.dumps(written))
    argv = [sys.executable, "-m", "heard.cli", "watch", "rehearse", str(file)]
    return subprocess.run(argv, capture_output=True, text=True)


def test_it_says_what_would_have_rung_and_who_would_have_been_told(tmp_path: Path) -> None:
    told = rehearse(tmp_path, CHECKS)
    assert told.returncode == 0, told.stderr
    assert "1 alarm" in told.stdout and "at 2031-03-03T08:50:00Z" in told.stdout and "the inspector" in told.stdout


def test_what_comes_out_otherwise_than_expected_ends_with_an_error(tmp_path: Path) -> None:
    told = rehearse(tmp_path, {"examples": [{**CHECKS, "id": "one", "expect": {"alarms": [], "final": {}}}]})
    assert told.returncode != 0 and "NOT as expected" in told.stdout and "otherwise" in told.stderr


def test_what_cannot_be_read_is_said_in_words(tmp_path: Path) -> None:
    for written in ("{", "7", [7], [{"obligation": {"op": "hope"}}], [{**CHECKS, "until": "noon"}], [{"evidence": []}]):
        told = rehearse(tmp_path, written)
        assert told.returncode != 0 and told.stderr.strip().endswith("."), told.stderr
        assert "Traceback" not in told.stderr
