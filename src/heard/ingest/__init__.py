"""Formats of others, read into what the rooms can be told. Nothing here writes but through commands."""
