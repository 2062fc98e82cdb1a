"""What one entry changes, written into a frames file as the app writes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from heard.engine.frames import Change
from heard.store.frames import FramesFile, Painted, Topic


def paint(
    file: FramesFile,
    position: int,
    changes_by_case: Mapping[str, Sequence[Change]],
    topics: Sequence[Topic] = (),
    *,
    anew: bool = False,
) -> None:
    painted = [Painted(position, case, changes, anew=anew) for case, changes in changes_by_case.items()]
    file.put(position, [*painted, Painted(position, "", (), topics)])
