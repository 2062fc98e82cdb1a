"""Codes against the vectors of their standards, and which of them are good at an instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from heard.accounts import codes

#: RFC 6238, appendix B, the last six of its eight digits (SHA-1).
VECTORS = {
    59: "287082",
    1111111109: "081804",
    1111111111: "050471",
    1234567890: "005924",
    2000000000: "279037",
    20000000000: "353130",
}
SECRET = b"12345678901234567890"
AT = datetime(2026, 11, 29, 10, 0, 10, tzinfo=UTC)


@pytest.mark.parametrize("at", VECTORS)
def test_codes_are_those_of_the_standard(at: int) -> None:
    instant = datetime.fromtimestamp(at, UTC)
    assert codes.code(SECRET, codes.step_at(instant)) == VECTORS[at]
    assert codes.step_of(SECRET, VECTORS[at], instant) == at // 30


def test_a_clock_may_be_a_step_off_and_not_two() -> None:
    here = codes.step_at(AT)
    for drift in range(-5, 6):
        step = codes.step_of(SECRET, codes.code(SECRET, here + drift), AT)
        assert step == (here + drift if abs(drift) <= 1 else None), drift


def test_what_is_no_code_is_none() -> None:
    for typed in ("", " ", "12345", "1234567", "abcdef", "٤٤٤٤٤٤", "\0" * 6, "0" * 100_000):
        assert codes.step_of(SECRET, typed, AT) is None
    code = codes.code(SECRET, codes.step_at(AT))
    assert codes.step_of(SECRET, f" {code[:3]} {code[3:]} ", AT) == codes.step_at(AT)


def test_an_app_is_told_what_it_needs() -> None:
    assert codes.written(SECRET) == "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ"
    address = codes.address(SECRET, "Heard", "mira+court@example.org")
    assert address == (
        "otpauth://totp/Heard%3Amira%2Bcourt%40example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Heard"
    )
    assert codes.step_at(AT + timedelta(seconds=30)) == codes.step_at(AT) + 1
