"""Templates of the exhibit."""
