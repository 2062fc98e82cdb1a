"""`python -m second_verifier FILE.zip`, from the folder that this package lies in."""

import sys

from . import WRONG, Bad, verify

if __name__ == "__main__":
    try:
        with open(sys.argv[1], "rb") as file:
            verified = verify(file.read())
    except WRONG as wrong:
        sys.exit(f"It does not hold: {wrong if isinstance(wrong, Bad) else repr(wrong)}")
    print(f"It holds: {verified['title']}, {len(verified['posts'])} posts.")
