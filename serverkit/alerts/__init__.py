"""Alerts: a table of kinds, and a reconciler that makes the open ones equal to what state and clock demand."""
