"""Holding again the cases of which a journal that is older than its witness has lost an order, or a hold.

A witness knows that there was one and never for whom: nothing of the case leaves until somebody has recorded it anew.
"""

from __future__ import annotations

from collections.abc import Iterable

from heard.cases import commands, projection
from heard.engine.node import Node

GROUND = {
    "order": "An order was recorded here, and the journal that said so is lost. Record it again before this case goes.",
    "held": "The case was on hold before, and the journal that said so is lost.",
}


def hold_again(node: Node, lines: Iterable[str], by: str) -> tuple[tuple[str, ...], int]:
    """Hold the cases that a witness's `lines` name; their slugs, and how many orders are lost, also of cases that are
    lost with them.

    A line is `<the case's rules> <position> <what>`.
    """
    lost = [(stream, what[0]) for stream, position, *what in _long(lines) if what[0] in GROUND]
    of_rules = {case.rules: case for case in projection.all_cases(node.projection.tables)}
    for stream, what in sorted(lost, key=lambda one: one[1], reverse=True):  # an order says more than a hold
        if stream in of_rules:
            node.do(commands.hold_case(of_rules[stream].id, GROUND[what]), by=by)
    held = {of_rules[stream].slug for stream, _ in lost if stream in of_rules}
    return tuple(sorted(held)), sum(what == "order" for _, what in lost)


def _long(lines: Iterable[str]) -> list[list[str]]:
    return [words for line in lines if len(words := line.split()) > 2]
