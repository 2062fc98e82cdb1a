"""`keep`, evaluated slowly and plainly from the specification alone: every second looked at again at every second.

All instants are whole seconds from nought. It shares nothing with the evaluator that it judges.
"""

from __future__ import annotations

from dataclasses import dataclass, field

#: While nothing is owed the guard is off; told apart from any other guard that is off by being this very pair.
SUSPENDED: tuple[bool | None, bool | None] = (False, None)


@dataclass(frozen=True)
class Piece:
    """`what`: "guard", a person's name, or "suspend" from then on. `value`: True, False or None (not known)."""

    received: int
    claimed: int
    what: str
    value: bool | None


@dataclass
class Rung:
    lapsed: int
    raised: int
    kind: str
    upgraded: int | None = None
    cleared: int | None = None
    by: str | None = None


@dataclass
class Slowly:
    group: tuple[str, ...]
    wanted: int
    gap: int
    wait: int
    ttl: int
    horizon: int
    #: So long everything is suspended that is.
    suspends: int = 0
    rung: list[Rung] = field(default_factory=list)
    states: list[tuple[bool | None, bool | None] | None] = field(default_factory=list)

    def evaluate(self, pieces: list[Piece], until: int) -> list[Rung]:
        known: list[Piece] = []
        for second in range(until + 1):
            for piece in (one for one in pieces if one.received == second):  # one after the other, as they came
                known.append(piece)
                self.states = [self._state(known, at) for at in range(self.horizon)]
                if open_one := self._open():
                    self._settle(open_one, second)
            while known and self._let_pass(second):
                pass
        return self.rung

    def _open(self) -> Rung | None:
        return next((one for one in self.rung if one.cleared is None), None)

    def _let_pass(self, second: int) -> bool:
        open_one = self._open()
        return self._raise(second) if open_one is None else self._prove(open_one, second)

    def _state(self, known: list[Piece], at: int) -> tuple[bool | None, bool | None] | None:
        """Guard and rule at a second; None before the first evidence."""
        if at < min(piece.received if piece.what == "suspend" else piece.claimed for piece in known):
            return None
        if self._is_suspended(known, at):
            return SUSPENDED
        inside = [self._value(known, who, at, self.ttl) for who in self.group]
        sure, unsure = inside.count(True), inside.count(None)
        rule = True if sure >= self.wanted else False if sure + unsure < self.wanted else None
        return self._value(known, "guard", at, None), rule

    def _is_suspended(self, known: list[Piece], at: int) -> bool:
        of = [piece.received for piece in known if piece.what == "suspend"]
        return any(since <= at < since + self.suspends for since in of)

    def _value(self, known: list[Piece], what: str, at: int, ttl: int | None) -> bool | None:
        said = [(piece.claimed, number, piece) for number, piece in enumerate(known) if piece.what == what]
        said = [one for one in said if one[0] <= at]
        if not said:
            return None
        newest = max(said, key=lambda one: one[:2])[2]
        return None if ttl is not None and at >= newest.claimed + ttl else newest.value

    def _is_gap(self, at: int) -> bool:
        state = self.states[at]
        return state is not None and state[0] is not False and state[1] is not True

    def _gaps(self) -> list[tuple[int, int]]:
        gaps, since = [], None
        for at in range(self.horizon):
            if self._is_gap(at) and since is None:
                since = at
            elif not self._is_gap(at) and since is not None:
                gaps.append((since, at))
                since = None
        return [*gaps, (since, 10**9)] if since is not None else gaps

    def _proven(self, since: int, until: int) -> int | None:
        run = 0
        for at in range(since, min(until, self.horizon)):
            run = run + 1 if self.states[at] == (True, False) else 0
            if run > self.gap:
                return at + 1 - run + self.gap
        return None

    def _of(self, one: Rung) -> tuple[int, int] | None:
        return next((gap for gap in self._gaps() if gap[0] + self.gap <= one.lapsed <= gap[1]), None)

    def _settle(self, one: Rung, second: int) -> None:
        gap = self._of(one)
        if gap is None:
            one.cleared, one.by = second, "late-evidence"
        elif gap[1] <= second:
            state = self.states[gap[1]]
            off = "suspended" if state is SUSPENDED else "guard-off"
            one.cleared, one.by = second, off if state and state[0] is False else "restored"

    def _raise(self, second: int) -> bool:
        for since, until in self._gaps():
            lapsed = since + self.gap
            fresh = not any(since < one.lapsed <= until for one in self.rung)
            if until > lapsed + self.wait <= second and fresh:
                proven = self._proven(since, until)
                sure = proven is not None and proven + self.wait <= second
                self.rung.append(Rung(lapsed, second, "lapse" if sure else "unproven"))
                self._settle(self.rung[-1], second)
                return True
        return False

    def _prove(self, one: Rung, second: int) -> bool:
        gap = self._of(one)
        if one.kind == "lapse" or gap is None:
            return False
        proven = self._proven(*gap)
        if proven is None or proven + self.wait > second:
            return False
        one.kind, one.upgraded = "lapse", second
        return True
