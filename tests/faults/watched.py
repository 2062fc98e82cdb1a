"""A reader with an open page, over what a killed process leaves: what they were sent, beside what was written."""

from __future__ import annotations

from pathlib import Path

import msgspec

from heard.engine.frames import Change, thing
from heard.live.limits import Limits
from heard.opening import open_house
from heard.store.frames import FramesFile
from heard.store.reading import Reading
from tests.faults.publisher import FRAMES, SLUG, case_of, do_three, rendering
from tests.live.clients import Event, Reader
from tests.live.edge_alone import EdgeAlone

#: Where no app rings, an edge looks by itself so often: hardly a state of the file is never sent.
LOOKS_S = 0.001
AFRESH = "frames-afresh.sqlite"


class Wrong(msgspec.Struct):
    """What one reader was sent that they should not have been, and was not sent; all empty when nothing is wrong."""

    never_written: list[int]
    disordered: list[int]
    missed: list[str]

    def __bool__(self) -> bool:
        return bool(self.never_written or self.disordered or self.missed)


def prepare_frames(data: Path, name: str = FRAMES) -> None:
    """Render a whole data directory into a frames file that it does not have yet."""
    house = open_house(data)
    rendering(house, name).paint()
    house.close()


class Watched:
    """One copy of a data directory, a real edge over its frames, and a reader who is there before the publisher is."""

    def __init__(self, copy: Path) -> None:
        self.data = copy / "data"
        file = self.data / FRAMES
        self.edge = EdgeAlone(copy, Limits(missed_bell_s=LOOKS_S), FramesFile(file, Reading(file).epoch))
        app = self.edge.new_app()
        self.reader = Reader(self.edge.port, SLUG)
        app.channel.close()
        self.began = position_of(str(self.reader.last_id))
        self.events: list[Event] = []

    def after_the_kill(self) -> Wrong:
        """What was sent by then is in the journal as the victim left it; then come the next app and the same client."""
        house = open_house(self.data)
        case, left = case_of(house), house.store.position()
        self.read_on(case)
        never_written = [at for event in self.events if (at := position_of(event.id)) > left]
        rendering(house).paint()
        do_three(house, lambda key, done: None)
        house.close()
        self.read_on(case)
        positions = [position_of(event.id) for event in self.events]
        disordered = [at for before, at in zip([self.began, *positions], positions, strict=False) if at <= before]
        return Wrong(never_written, disordered, self.missed(case))

    def read_on(self, case: str) -> None:
        """Read until they stand where the file does."""
        head = Reading(self.data / FRAMES).head(case)
        while position_of(str(self.reader.last_id)) < head:
            self.events.append(self.reader.event())

    def missed(self, case: str) -> list[str]:
        """Each thing that their page has otherwise than it is when rendered afresh from the journal."""
        prepare_frames(self.data, AFRESH)
        afresh = Reading(self.data / AFRESH).after(case, self.began, 10**9, 10**6, 10**9) or []
        as_it_is = {thing(change): (frame.position, change.html) for frame in afresh for change in frame.changes}
        as_they_have_it = {
            thing(change): (position_of(event.id), change.html)
            for event in self.events
            for change in msgspec.convert(event.data["changes"], list[Change])
        }
        return [name for name, _ in sorted(as_it_is.items() ^ as_they_have_it.items())]

    def close(self) -> None:
        self.reader.sock.close()
        self.edge.close()


def position_of(event_id: str) -> int:
    return int(event_id.rpartition(".")[2])
