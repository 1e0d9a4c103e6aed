"""Reports that people save, with their schedules and runs (row C12.1)."""
