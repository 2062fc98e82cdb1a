"""Work apart: whatever its process does, whoever asked goes on within bounds, and the process is gone."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import uvloop

from heard.engine.apart import Apart
from heard.engine.confined import WALL_S
from heard.engine.errors import Unavailable
from tests.waiting import wait_until

MB = 1024**2
#: For what must end by itself long before it is given up: only a test that has failed waits so long.
PATIENCE_S = 60.0
Run = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    """Heard serves with the one where there is no other, and else with the other."""
    return asyncio.run if request.param == "asyncio" else uvloop.run


def apart(work: str, within_s: float = PATIENCE_S, waiting_max: int = 4, before: str = "", **bounds: int) -> Apart:
    """One whose process does `work`, the body of a function of `asked`, within its bounds; `before` it has any."""
    given = {"memory_bytes_max": 256 * MB, "cpu_s": 20, **bounds}
    program = f"import os, sys, time\nfrom heard.engine import confined\n{before}\ndef work(asked):\n {work}\n"
    return Apart(
        ("-c", f"{program}confined.answer(work, **{given})"),
        at_once=2,
        waiting_max=waiting_max,
        within_s=within_s,
        answer_bytes_max=4 * MB,
        not_now="Come again.",
    )


def leaving_its_pid(at: Path) -> str:
    return f"open({str(at)!r}, 'w').write(str(os.getpid()))"


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_it_is_given_every_byte_and_every_byte_of_its_answer_comes_back(run: Run) -> None:
    asked = os.urandom(4 * MB)
    assert run(apart("return asked[::-1]").ask(asked)) == (asked[::-1], 0)
    assert run(apart("return b''").ask(b"")) == (b"", 0)


def test_one_that_takes_too_long_is_given_up_and_ended(run: Run, tmp_path: Path) -> None:
    """Whether it has ended its answer or not."""
    mark = f"open({str(tmp_path)!r} + '/' + str(os.getpid()), 'w').close()"
    one = apart("os.close(1) if asked == b'mute' else None\n time.sleep(3600)", within_s=2.0, before=mark)

    async def both() -> list[tuple[bytes, int]]:
        return await asyncio.gather(one.ask(b"mute"), one.ask(b"slow"))

    assert run(both()) == [(b"", -signal.SIGKILL)] * 2
    pids = [int(at.name) for at in tmp_path.iterdir()]
    assert len(pids) == 2 and all(map(is_gone, pids))


def test_one_that_computes_on_and_on_is_ended_by_the_system() -> None:
    began_at = time.monotonic()
    told, ended = asyncio.run(apart("while True: pass", cpu_s=1).ask(b"?"))
    assert told == b"" and -ended in (signal.SIGXCPU, signal.SIGKILL)
    assert time.monotonic() - began_at < PATIENCE_S / 2, "and not because it was given up"


def test_one_that_swells_comes_to_its_bound_and_less_than_that_is_given() -> None:
    work = "return str(len(bytearray(400 * 1024 ** 2))).encode()"
    assert asyncio.run(apart(work).ask(b"?")) == (b"", 1)
    roomy = apart(work, memory_bytes_max=1024 * MB)
    assert asyncio.run(roomy.ask(b"?")) == (str(400 * MB).encode(), 0), "the control"


def test_one_that_writes_a_file_writes_nothing(tmp_path: Path) -> None:
    """The control stands in `before`: the same line writes before the bounds are set."""
    files = [tmp_path / "before", tmp_path / "after"]
    first, second = (f"open({str(at)!r}, 'w').write('words of a file')" for at in files)
    assert asyncio.run(apart(second, before=first).ask(b"?")) == (b"", 1)
    assert [at.stat().st_size for at in files] == [len("words of a file"), 0]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT])
def test_one_that_is_killed_has_answered_nothing_and_the_next_is_answered(run: Run, how: int) -> None:
    one = apart(f"os.kill(os.getpid(), {how}) if asked == b'bad' else None\n return b'read'")

    async def both() -> list[tuple[bytes, int]]:
        return [await one.ask(b"bad"), await one.ask(b"good")]

    assert run(both()) == [(b"", -how), (b"read", 0)]


def test_what_it_says_before_it_breaks_is_handed_on_as_it_is(run: Run) -> None:
    """It is for the caller to read it as a stranger's."""
    assert run(apart("os.write(1, b'\\xff\\x00 half'); os.abort()").ask(b"?")) == (b"\xff\x00 half", -signal.SIGABRT)


def test_one_that_says_more_than_it_may_is_ended_and_not_listened_to(run: Run) -> None:
    flood = "while True: os.write(1, b'x' * 65536)"
    assert run(apart(flood).ask(b"?")) == (b"", -signal.SIGKILL)
    assert run(apart(f"return b'x' * {4 * MB + 1}").ask(b"?"))[0] == b"", "one byte too much"
    assert run(apart(f"return b'x' * {4 * MB}").ask(b"?")) == (b"x" * 4 * MB, 0), "so much it may"


def test_one_that_does_not_listen_may_answer_all_the_same(run: Run) -> None:
    before = "os.write(1, b'I know already'); os._exit(3)"
    assert run(apart("pass", before=before).ask(b"x" * 4 * MB)) == (b"I know already", 3)


def test_it_is_given_nothing_but_what_is_asked(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEARD_SECRET", "canary")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)  # what somebody forgot: it is not handed on all the same
    work = f"known = os.environ.get('HEARD_SECRET'), '/nowhere' in sys.path, os.path.exists('/dev/fd/{writing}')"
    assert run(apart(f"{work}\n return repr(known).encode()").ask(b"?")) == (b"(None, False, False)", 0)
    os.close(reading)
    os.close(writing)


def test_nothing_that_it_complains_of_is_heard(
    run: Run, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    one = apart("print('canary of a file', file=sys.stderr)\n raise ValueError('another canary')")
    assert run(one.ask(b"?")) == (b"", 1)
    said = capfd.readouterr()
    assert "canary" not in said.out + said.err + caplog.text


def test_whoever_gives_up_leaves_no_process_behind(run: Run, tmp_path: Path) -> None:
    at = tmp_path / "pid"
    one = apart("time.sleep(3600)", before=leaving_its_pid(at))

    async def gives_up() -> None:
        asking = asyncio.create_task(one.ask(b"?"))
        while not (at.exists() and at.read_text()):
            await asyncio.sleep(0.01)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert is_gone(int(at.read_text()))

    run(gives_up())


def test_a_process_whose_asker_was_killed_ends_by_itself(tmp_path: Path) -> None:
    assert WALL_S <= 120
    at = tmp_path / "pid"
    one = apart("time.sleep(3600)", before=f"confined.WALL_S = 2; {leaving_its_pid(at)}")
    asker = (
        "import asyncio, sys; from heard.engine.apart import Apart; "
        "one = Apart(('-c', sys.argv[1]), at_once=1, waiting_max=1, within_s=60, answer_bytes_max=9, not_now=''); "
        "asyncio.run(one.ask(b'?'))"
    )
    with subprocess.Popen([sys.executable, "-c", asker, one.program[1]]) as process:
        wait_until(lambda: at.exists() and at.read_text(), PATIENCE_S)
        pid = int(at.read_text())
        process.kill()
    assert not is_gone(pid), "it outlives its asker"
    wait_until(lambda: is_gone(pid) or _is_unburied(pid), PATIENCE_S)


def _is_unburied(pid: int) -> bool:
    """Dead, where nobody takes in what has lost its parent."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].startswith("Z")
    except OSError:
        return False


def test_no_more_are_at_work_than_may_be_and_who_comes_late_is_asked_to_come_again(run: Run, tmp_path: Path) -> None:
    mark = f"at = {str(tmp_path)!r} + '/' + str(os.getpid()); open(at, 'w').close()"
    one = apart(
        f"time.sleep(0.2)\n n = len(os.listdir({str(tmp_path)!r})); os.remove(at)\n return b'%d' % n",
        before=mark,
    )

    async def five() -> list[Any]:
        return await asyncio.gather(*(one.ask(b"?") for _ in range(5)), return_exceptions=True)

    async def twice() -> list[list[Any]]:
        return [await five(), await five()]

    for answers in run(twice()):
        late = [answer for answer in answers if isinstance(answer, Unavailable)]
        assert [answer.message for answer in late] == ["Come again."]
        at_work = [int(answer[0]) for answer in answers if not isinstance(answer, Unavailable)]
        assert len(at_work) == 4 and max(at_work) <= 2


def test_a_machine_without_a_process_to_spare_says_so_and_the_place_is_free_again(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = apart("return b'read'", waiting_max=1)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", "/nowhere/python")
        with pytest.raises(Unavailable, match="Come again"):
            run(one.ask(b"?"))
    assert run(one.ask(b"?")) == (b"read", 0)
