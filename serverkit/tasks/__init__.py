"""Long works that someone asked for: kept in the database, run beside the server, watched and stopped from anywhere."""
