"""Runs the real supervisor around the small app: `python serve_small.py DATA LIMITS [APP ARGUMENTS…]`."""

from __future__ import annotations

import sys
from pathlib import Path

from heard.live.limits import Limits
from heard.live.supervisor import serve

if __name__ == "__main__":
    data, limits, edges, *rest = sys.argv[1:]
    app = [sys.executable, str(Path(__file__).with_name("small_app.py")), "--data", data, *rest]
    serve(
        Path(data),
        "127.0.0.1",
        0,
        int(edges),
        app,
        limits=Limits.read(limits),
        announce=lambda address: print(address, flush=True),
    )
