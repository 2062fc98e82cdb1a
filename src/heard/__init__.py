"""Heard: follows an inquest from the first day in court to the day its lesson is kept, or not kept."""

__version__ = "0.1.0"
