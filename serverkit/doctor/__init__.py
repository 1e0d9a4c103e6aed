"""The doctor of both servers: checks of machine and home, and its command."""
