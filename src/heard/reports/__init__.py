"""Reports to prevent future deaths: what was published of each, who owes an answer since when, what came of it."""
