"""Pure functions on text: Markdown and HTML, folding, names."""
