"""All figures, one after another: `make bench`, or `python -m bench publish` for one of them."""

from __future__ import annotations

import importlib
import sys

FIGURES = ("append", "folding", "publish", "live", "page")


def main() -> None:
    for name in sys.argv[1:] or FIGURES:
        print(f"\n{name}")
        importlib.import_module(f"bench.{name}").main()


if __name__ == "__main__":
    main()
