"""The HTTP side: assembly of pages, the API, and the server that runs on handed-over connections."""
