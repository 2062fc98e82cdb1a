"""`python -m second_verifier FILE.zip [EARLIER-CHECKPOINT]`, from the folder that this package lies in."""

import pathlib
import sys

from . import WRONG, Bad, verify, verify_hold
from .container import container

if __name__ == "__main__":
    try:
        with open(sys.argv[1], "rb") as file:
            raw = file.read()
        if "record.json" in container(raw):
            earlier = pathlib.Path(sys.argv[2]).read_text() if len(sys.argv) > 2 else ""
            record = verify_hold(raw, earlier=earlier)
            sys.exit(print(f"It holds: the record of {record['slug']}, {len(record['lines'])} entries."))
        verified = verify(raw)
    except WRONG as wrong:
        sys.exit(f"It does not hold: {wrong if isinstance(wrong, Bad) else repr(wrong)}")
    print(f"It holds: {verified['title']}, {len(verified['posts'])} posts.")
