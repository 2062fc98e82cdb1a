"""How the supervisor starts the app. It stands apart from the app, so that the supervisor loads nothing of it: a start
takes half as long, and the process that has to outlive every other stays small.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path


def argv(
    data: Path,
    witness: Path | None = None,
    trusted_proxy: Sequence[str] = (),
    caches: Sequence[str] = (),
    public: Sequence[str] = (),
    embeds_from: Sequence[str] = (),
    cot: str = "",
) -> list[str]:
    """The command of `web/process.py`."""
    watched = ["--witness", str(witness)] if witness else []
    proxies = [part for net in trusted_proxy for part in ("--trusted-proxy", net)]
    told = [part for cache in caches for part in ("--cache", cache)]
    told += [part for site in public for part in ("--public", site)]
    told += [part for site in embeds_from for part in ("--embeds-from", site)]
    told += ["--cot", cot] if cot else []
    return [sys.executable, "-m", "heard.web.process", "--data", str(data), *watched, *proxies, *told]
