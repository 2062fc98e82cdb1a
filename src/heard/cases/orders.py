"""The kinds of order and statute that limit what may be published, and what follows from the kind. No I/O.

The statutes are named as practitioners name them and were not read here word for word: what an order forbids is what
its own words say, which the desk keeps as `scope`.
"""

from __future__ import annotations

from typing import Literal, cast, get_args

import msgspec

from heard.engine.errors import Refused

OrderKind = Literal[
    "anonymity",
    "postponement",
    "section_11",
    "young_person",
    "lifetime",
    "withholding",
    "injunction",
    "inquiry",
    "proceedings",
]


class Kind(msgspec.Struct, frozen=True):
    """`label` as the desk says it, `law` where it comes from; `for_life` knows no end."""

    label: str
    law: str
    for_life: bool = False


KINDS: dict[str, Kind] = {
    "anonymity": Kind("Anonymity of a witness or other person", "the court's inherent power; ECHR art. 2, 3, 8"),
    "postponement": Kind("Postponed until later", "Contempt of Court Act 1981 s. 4(2)"),
    "section_11": Kind("A name or matter withheld in court", "Contempt of Court Act 1981 s. 11"),
    # Covers name, address, school, picture and whatever else is likely to identify, not only the name. Turning 18
    # releases nothing by itself: someone has to record that the order ended.
    "young_person": Kind("A child or young person", "Children and Young Persons Act 1933 s. 39"),
    # Attaches without an order, from the allegation on, and lasts as long as the person lives.
    "lifetime": Kind("For life, by statute", "Sexual Offences (Amendment) Act 1992 s. 1, and others", for_life=True),
    "withholding": Kind("Withheld at common law", "the coroner's power to control proceedings"),
    "injunction": Kind("Injunction", "High Court, Family Court or Court of Protection"),
    "inquiry": Kind("Restriction notice or order of an inquiry", "Inquiries Act 2005 s. 19"),
    "proceedings": Kind("Other proceedings are active", "Contempt of Court Act 1981 s. 2"),
}
assert tuple(KINDS) == get_args(OrderKind)


def checked_kind(kind: str) -> OrderKind:
    """Raises Refused for one that is not of the list."""
    if kind not in KINDS:
        raise Refused(f"The kinds of order are: {', '.join(KINDS)}. Nothing was changed; choose one.")
    return cast(OrderKind, kind)


def checked_end(kind: str, ends: bool) -> None:
    """Raises Refused when a protection for life is given an end."""
    if ends and KINDS[kind].for_life:
        raise Refused("This protection is for life and is given no end. Nothing was changed; leave its end out.")
