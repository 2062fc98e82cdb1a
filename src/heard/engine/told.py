"""How it went to tell somebody by one way of telling, as it is written down; any other word says what went wrong."""

from __future__ import annotations

#: It was taken; nobody listens there just now; nobody will again.
SENT, NOT_OPEN, GONE = "sent", "not open", "gone"
