"""A case as it may be given away: what readers may see of it, and the proof that the journal holds it.

The format is in docs/formats/export.md, from which anybody can write a verifier of their own.
"""
