"""The interfaces of a satellite for programs."""
