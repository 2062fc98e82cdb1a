"""The heart: entries, the journal, projections, frames, clocks. No court, no HTTP, no SQL of its own."""
