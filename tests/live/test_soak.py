"""The real server under thousands of readers while processes die, lines are cut and readers stall.

With HEARD_SOAK=1 ten million deliveries (`make soak`); else a few tens of thousands.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from bench.fanout_soak import FAULTS, soak

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(shutil.which("cc") is None, reason="the readers are a C program, and there is no C compiler"),
    pytest.mark.timeout(1800),
]

LONG = bool(os.environ.get("HEARD_SOAK"))


@pytest.mark.parametrize("edges", [1, 2] if LONG else [1])
def test_everyone_is_sent_everything_once_and_in_order_whatever_dies(tmp_path: Path, edges: int) -> None:
    readers, deliveries = (5_000, 10_000_000) if LONG else (200, 20_000)
    outcome = soak(tmp_path, deliveries, readers, FAULTS, edges)
    print(outcome)
    assert outcome.deliveries >= deliveries
    assert min(outcome.faults.values()) >= 1
    assert outcome.is_clean, outcome


SENDS_FIRST = '''
import os, re, sys

if any("heard.web.process" in word for word in sys.orig_argv):
    from heard.engine.frames import Change
    from heard.engine.node import Node
    from heard.store.frames import FramesFile, Painted

    files, appends = [], []
    began, append = FramesFile.__init__, Node.append

    def remembered(self, *arguments):
        began(self, *arguments)
        files.append(self)

    def sends_first(self, writings):
        """What must never be: readers are sent the post, and then the machine stops before it is kept."""
        marks = re.findall(r"mark=\\d{8};", repr(writings))
        appends.extend(marks)
        if marks and len(appends) > 10 and not os.path.exists(os.environ["SENT_FIRST"]):
            open(os.environ["SENT_FIRST"], "w").close()
            [file] = files
            [case] = file._db.execute("SELECT case_id FROM topic").fetchone()
            early, at = Change("post", "early", html=f"<p>{marks[0]}</p>", place="~"), file.position() + 1
            file.put(at, [Painted(at, case, [early])])
            os._exit(1)
        return append(self, writings)

    FramesFile.__init__, Node.append = remembered, sends_first
'''


def test_control_a_server_that_sends_before_it_commits_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text(SENDS_FIRST)
    before = os.environ.get("PYTHONPATH")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(tmp_path), before])))
    monkeypatch.setenv("SENT_FIRST", str(tmp_path / "sent-first"))
    outcome = soak(tmp_path, 1_000, 100, ("connections cut",))
    assert outcome.before_commit, outcome
