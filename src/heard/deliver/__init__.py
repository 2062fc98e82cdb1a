"""Followers of the journal that carry it to others."""
