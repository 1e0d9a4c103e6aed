"""Use cases: one function for each thing that a person or program can do."""
