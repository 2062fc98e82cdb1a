"""All figures, one after another: `make bench`, or `python -m bench publish` for one of them.

`python -m bench fanout` compares with other servers, has options of its own, and is not among them.
"""

from __future__ import annotations

import importlib
import sys

FIGURES = (
    "append",
    "folding",
    "publish",
    "live",
    "slow",
    "page",
    "hot",
    "nodes",
    "guard",
    "late_order",
    "proxies",
    "withdraw",
)
FIGURES += ("edges", "fixes", "keypress")


def main() -> None:
    if sys.argv[1:2] == ["fanout"]:
        importlib.import_module("bench.fanout").main(sys.argv[2:])
        return
    for name in sys.argv[1:] or FIGURES:
        print(f"\n{name}")
        importlib.import_module(f"bench.{name}").main()


if __name__ == "__main__":
    main()
