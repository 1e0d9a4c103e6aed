"""The base of both servers; nothing here knows about licences."""
