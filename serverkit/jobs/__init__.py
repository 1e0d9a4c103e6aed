"""Jobs: each slot of each job runs once, however many schedulers there are."""
