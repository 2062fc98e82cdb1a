"""`keep`, evaluated slowly and plainly from the specification alone: every second looked at again at every second.

All instants are whole seconds from nought. It shares nothing with the evaluator that it judges.
"""

from __future__ import annotations

from dataclasses import dataclass, field

#: While nothing is owed the guard is off; told apart from any other guard that is off by being this very pair.
SUSPENDED: tuple[bool | None, bool | None] = (False, None)


@dataclass(frozen=True)
class Piece:
    """`what`: "guard", a person's name, their "duty …", or "suspend" from then on. `value`: True, False or None (not
    known).
    """

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
    over: int | None = field(default=None, compare=False)


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
    #: So long it must have been so again.
    clear: int = 0
    #: It is watched while anyone is on duty; else while the guard is on.
    by_duty: bool = False
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
        if open_one is None:
            return self._raise(second)
        return self._prove(open_one, second) or self._settle(open_one, second)

    def _state(self, known: list[Piece], at: int) -> tuple[bool | None, bool | None] | None:
        """Guard and rule at a second; None before the first evidence."""
        of_it = [piece for piece in known if self.by_duty or "duty" not in piece.what]
        told = [piece.received if piece.what == "suspend" else piece.claimed for piece in of_it]
        if not told or at < min(told):
            return None
        if self._is_suspended(known, at):
            return SUSPENDED
        on_duty = {who: self._value(known, f"duty {who}", at, None) for who in self.group}
        #: Of all there are only those on duty count.
        off = [who for who in self.group if on_duty[who] is False or (self.by_duty and on_duty[who] is None)]
        inside = [False if who in off else self._value(known, who, at, self.ttl) for who in self.group]
        sure, unsure = inside.count(True), inside.count(None)
        rule = True if sure >= self.wanted else False if sure + unsure < self.wanted else None
        guard = len(off) < len(self.group) if self.by_duty else self._value(known, "guard", at, None)
        return guard, rule

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

    def _settle(self, one: Rung, second: int) -> bool:
        gap = self._of(one)
        if gap is None:
            one.cleared, one.by = second, "late-evidence"
        elif (over := self._over(gap)) and over[0] <= second:
            one.cleared, one.by, one.over = second, over[1], over[0]
        return one.cleared is not None

    def _over(self, gap: tuple[int, int]) -> tuple[int, str] | None:
        """When nothing was owed, or it had been so again for long enough."""
        run = 0
        for at in range(gap[1], self.horizon):
            state = self.states[at]
            if state and state[0] is False:
                return at, "suspended" if state is SUSPENDED else "guard-off"
            if self._is_gap(at):
                run = 0
            elif run >= self.clear:
                return at, "restored"
            else:
                run += 1
        return None

    def _raise(self, second: int) -> bool:
        for since, until in self._gaps():
            lapsed = since + self.gap
            fresh = not any(
                since < one.lapsed <= until or (one.over is not None and one.lapsed <= since < one.over)
                for one in self.rung
            )
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
        over = self._over(gap)
        broken = [other for other in self._gaps() if gap[0] <= other[0] and (over is None or other[0] < over[0])]
        proven = min((at for other in broken if (at := self._proven(*other)) is not None), default=None)
        if proven is None or proven + self.wait > second:
            return False
        one.kind, one.upgraded = "lapse", second
        return True
