"""A case to test with, and short ways to act in it."""

from __future__ import annotations

from heard.cases import commands as case_commands
from heard.cases import projection as cases
from heard.coverage import commands, kept
from heard.coverage.elements import Element, Text
from heard.coverage.entries import PostPublished
from heard.engine.node import Command, Written
from heard.opening import House


class Desk:
    """A house with one case, and short ways to act in it."""

    def __init__(self, house: House, there: str = "") -> None:
        """In a new case, or the one that is `there` already."""
        self.house = house
        self.tables, self.doors, self.journal = house.tables, house.doors, house.journal
        opening = case_commands.open_case("the-case", "The case", "What it is about")
        self.case = cases.by_slug(house.tables, there).id if there else self.do(opening).stream

    def do(self, command: Command, by: str = "editor", **asked: object) -> Written:
        return self.house.node.do(command, by=by, **asked)  # type: ignore[arg-type]

    def let_out(self, post: str, *by: str) -> Written:
        """Each of these says that a post that was kept may go; two who did not write it, if nobody is named."""
        for one in by or ("second", "third"):
            written = self.do(kept.let_go(self.doors, self.journal, post, one, "It is not meant."), by=one)
        return written

    def publish(self, words: str, *more: Element, **content: object) -> str:
        """The id of a post with these words."""
        parts = (Text(words), *more)
        post = PostPublished(self.case, parts, **content)  # type: ignore[arg-type]
        return self.do(commands.publish(self.doors, post)).stream

    def restrict(self, *names: str) -> Written:
        return self.do(case_commands.impose_restriction(self.case, "s.11 Contempt of Court Act 1981", names))
