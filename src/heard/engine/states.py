"""A table of legal moves. A move that is not in the table is refused, and the refusal says what is possible."""

from __future__ import annotations

from collections.abc import Mapping

from heard.engine.errors import Refused


class Moves:
    """What may follow what: `{(state, verb): next state}`."""

    def __init__(self, thing: str, table: Mapping[tuple[str, str], str]) -> None:
        self.thing = thing
        self.table = dict(table)

    def after(self, state: str, verb: str) -> str:
        """The state after `verb`.

        Raises Refused when the table has no such move.
        """
        try:
            return self.table[state, verb]
        except KeyError:
            possible = ", ".join(sorted(v for s, v in self.table if s == state)) or "nothing more"
            raise Refused(
                f"The {self.thing} is {state}, so it cannot be {verb}. Nothing was changed. Possible now: {possible}.",
                state=state,
                verb=verb,
            ) from None
