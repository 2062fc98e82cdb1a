"""Soft stops: what is asked about before it goes out, and goes out at once when its writer says that they are sure.

None of them looks at the list of those whom an order protects, but for who was told of the order: whoever writes "his
daughter, 9" is asked the same whether that child is protected or not, so that nobody finds out by trying. What a list
stops is held, whatever was said here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from heard.cases import states
from heard.engine.errors import Refused
from heard.engine.node import Command, Decision
from heard.engine.projection import Tables
from heard.text import care

#: Why words come near to those whom the writer was told of (`so_far.near`).
Near = Callable[[Tables, Sequence[str]], list[str]]

CHILD = "it tells a child apart, by age and whose it is, or by a school: with what else was said, others may know who"
METHOD = "it tells how somebody took their life, which a reader in danger may follow; say “died by suicide” and no more"
LOADED = "it has words that judge: not “committed”, “successful” or “failed”, but “died by suicide”, “attempted to”"
SPOT = "it tells the very place of a suicide, where another may go"
COMPLAINANT = "it may tell who complained of a sexual offence: no age, school, work, street or kin beside what was done"
TITLE = (
    "A title is met by people who did not ask for it, in lists, cards and alerts: in this case it tells nothing of how "
    "somebody died. Nothing was published; put it so that the method is not in it."
)


class LookAgain(Refused):
    """Asked before it goes out; `ask` is "sure" for whoever knows better."""

    def __init__(self, why: Iterable[str]) -> None:
        told = "; ".join(why)
        super().__init__(
            f"Look at this once more before it goes: {told}. Nothing was published and nothing was lost; change it, or "
            "say that you are sure and send it again.",
            ask="sure",
        )


def cautions(tables: Tables, case: str, texts: Sequence[str], near: Near | None = None) -> list[str]:
    """Why to look again, in words."""
    asked = states.care(tables, case)
    said = "\n".join(filter(None, texts))
    why = near(tables, texts) if near else []
    if not why and care.CHILD_TOLD_APART.search(said):
        why.append(CHILD)
    if "suicide" in asked:
        looked = ((care.METHODS, METHOD), (care.LOADED, LOADED), (care.SPOT, SPOT))
        why += [words for pattern, words in looked if pattern.search(said)]
    if "sexual offence" in asked and care.COMPLAINANT.search(said):
        why.append(COMPLAINANT)
    return why


def asked_first(
    command: Command, case: str, texts: Sequence[str], *, title: str = "", sure: bool = False, near: Near | None = None
) -> Command:
    """The same command, after the question; `sure` is the answer.

    Raises LookAgain; Refused, which no answer changes, for a title that tells how somebody took their life.
    """

    def judge(tables: Tables) -> Decision:
        if title and "suicide" in states.care(tables, case) and care.METHODS.search(title):
            raise Refused(TITLE)
        if not sure and (why := cautions(tables, case, [title, *texts], near)):
            raise LookAgain(why)
        return command(tables)

    return judge
