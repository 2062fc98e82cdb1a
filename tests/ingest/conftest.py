"""Where the shared corpora are, if they are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_data() -> Path:
    place = os.environ.get("HEARD_SHARED_DATA")
    folder = Path(place) if place else Path(__file__).parents[2].parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the shared data folder is not here (HEARD_SHARED_DATA says where it is)")
    return folder
