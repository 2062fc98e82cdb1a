"""The court sits and rises, and the coverage with it: readers are told when it rose, and when it will be back."""

from __future__ import annotations

from datetime import datetime

from heard.cases import commands as case_commands
from heard.cases import projection as cases
from heard.cases.model import checked_words
from heard.cases.release import Doors, NotPublished
from heard.coverage import model, projection
from heard.coverage.entries import Paused, Resumed
from heard.coverage.sealing import nothing_new_now
from heard.engine.entry import Draft, new_id
from heard.engine.node import Command, Decision
from heard.engine.projection import Tables


def sit(case: str, hearing: str, title: str, *, sitting: str | None = None) -> Command:
    """A sitting of a hearing begins; coverage that was paused goes on."""
    begins = case_commands.begin_sitting(case, hearing, title, sitting=sitting or new_id())

    def judge(tables: Tables) -> Decision:
        began = begins(tables)
        if projection.of_case(tables, case).state != "paused":
            return began
        return Decision((*began.drafts, Draft(case, Resumed())), (*began.over, case))

    return judge


def rise(doors: Doors, case: str, sitting: str, words: str = "", back_at: datetime | None = None) -> Command:
    """The court rises, until an instant if it said one. Live coverage pauses, and `words` are shown among the posts."""
    rises = case_commands.rise(case, sitting, words, back_at)

    def judge(tables: Tables) -> Decision:
        known = cases.by_id(tables, case)
        rose = rises(tables)
        if projection.of_case(tables, case).state not in ("live", "paused"):
            return rose
        told = checked_words(words, "notice", model.NOTICE_MAX, needed=False)
        if told:
            nothing_new_now(tables, case)
            if doors.of(tables, case).stops(told):
                raise NotPublished
        paused = Paused(new_id() if told else "", told, until_at=back_at)
        return Decision((*rose.drafts, Draft(case, paused)), (*rose.over, case, known.rules))

    return judge
