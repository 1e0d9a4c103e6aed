"""Metrics of a server in the form of Prometheus: what is measured, and the listener that shows it."""
