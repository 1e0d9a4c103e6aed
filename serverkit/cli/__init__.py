"""Commands: shared options, output, exit codes."""
