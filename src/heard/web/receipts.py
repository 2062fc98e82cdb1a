"""The verbs of the API about receipts: what is proven gone after a withdrawal, and what is not."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from heard.cases import projection as cases
from heard.coverage import projection, receipts
from heard.coverage.model import Receipt
from heard.coverage.receipt_pages import seen
from heard.web.verbs import Call, Verb, answered


def verbs() -> list[Verb]:
    return [
        Verb("GET", "/cases/{case}/receipts", "read_desk", list_receipts),
        Verb("GET", "/posts/{post}/receipt", "read_desk", read_receipt),
    ]


async def list_receipts(call: Call) -> Response:
    """The receipts of a case that the caller may know of, the latest 500."""
    case = cases.by_name(call.tables, call.named("case"))
    known = seen(call.serving, case, call.caller)
    return answered({"items": [_told(call, one) for one in known], "next": None})


def _told(call: Call, receipt: Receipt) -> dict[str, Any]:
    return {"proven": receipt.is_proven, **receipts.told(call.tables, receipt)}


async def read_receipt(call: Call) -> Response:
    """The receipt of a post that was withdrawn or erased; `signed` is the same as a signed note."""
    post = projection.by_id(call.tables, call.named("post"))
    receipt = receipts.of_subject(call.tables, post.id)
    note = receipts.signed(call.tables, call.serving.node.journal, receipt)
    return answered({**_told(call, receipt), "signed": note})
