"""The REST interface of central, version 1: every row that the commands have, through the same services."""
