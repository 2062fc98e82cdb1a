"""The reader's edge and what keeps it running: three processes that can each be replaced alone."""
