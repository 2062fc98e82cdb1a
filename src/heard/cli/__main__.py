"""`python -m heard.cli`."""

from heard.cli import main

main()
