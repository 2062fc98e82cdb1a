"""The shared nouns of a death under inquest: case, person, hearing, sitting, restriction, and the one door out."""
