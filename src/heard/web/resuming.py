"""What the watch has worked out is kept in its file while it runs, and once more when it ends: the next start is quick.

Nothing here is needed for anything to ring. What cannot be kept is worked out again by whoever starts next.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import structlog

from heard.engine.errors import HeardError
from heard.engine.journal import Journal
from heard.store.resuming import ResumingFile
from heard.watch.resuming import About, Rows, put_back, resume, to_keep
from heard.watch.watched import Unkept
from heard.watch.watching import Watching

#: Entries of so long are heard again after a crash.
KEEP_EVERY_S = 10.0
#: While more than so many may have something to be recorded nobody has the tenth of a second that it takes to lay down
#: thousands: it is kept the next time, and after so many times all the same.
MANY, PUT_OFF_TIMES = 256, 6

log = structlog.get_logger()


class Keeping:
    def __init__(self, watching: Watching, file: ResumingFile) -> None:
        self.watching, self.file = watching, file
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="resuming")
        self._kept_to, self._may, self._put_off = watching.position, True, 0
        #: Erasures up to here were carried out before anything was heard.
        self._looked_to = watching.journal.store.position()

    async def run(self) -> None:
        """Until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(KEEP_EVERY_S)
            if self.watching.has_stopped:  # by a mistake of ours: the next start is from the journal alone
                self._end()
            if len(self.watching.recording) > MANY and self._put_off < PUT_OFF_TIMES:
                self._put_off += 1
                continue
            self._put_off = 0
            try:
                if (changed := self._changed()) is None:
                    continue
            except HeardError as wrong:  # the journal is lost for the moment: the next time, then
                log.warning("watch_not_kept", why=type(wrong).__name__)
                continue
            about, rows, unkept = changed
            try:
                self._may = await loop.run_in_executor(self._disk, self.file.keep, about, rows)
                self._kept_to = about[1]
            except HeardError as wrong:
                put_back(self.watching, unkept)
                log.error("watch_not_kept", why=type(wrong).__name__)

    def end(self) -> None:
        """Keep what there is, when nothing runs any more."""
        self._disk.shutdown()
        with suppress(HeardError):
            if (changed := self._changed()) is not None:
                self.file.keep(*changed[:2])
        self.file.close()

    def _changed(self) -> tuple[About, Rows, Unkept] | None:
        watching = self.watching
        if not self._may or not watching.has_begun or watching.has_stopped or watching.position == self._kept_to:
            return None
        if (changed := to_keep(watching, self._looked_to)) is None:
            self._end()
        self._looked_to = max(self._looked_to, watching.position)
        return changed

    def _end(self) -> None:
        self._may = False
        with suppress(HeardError):
            self.file.empty()


def keep_on(journal: Journal, path: Path) -> tuple[Watching, Keeping]:
    """What is watched, gone on from the file where it fits; what does not is worked out from the journal alone."""
    watching, file = Watching(journal), ResumingFile(path)
    try:
        resume(watching, file)
    except HeardError:
        raise
    except Exception as mistake:  # as of a row that is none: the journal has all of it
        log.error("watch_not_resumed", error=type(mistake).__name__)
        file.empty()
        watching = Watching(journal)
    return watching, Keeping(watching, file)
