"""Clock, licence time, time servers."""
