"""The kit of the consoles: every page of both servers is built on it; it knows no licences."""
