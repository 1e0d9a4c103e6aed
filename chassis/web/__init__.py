"""Answering over HTTP: a lean toolkit and the server."""
