"""Mail to people of a customer: recipients and texts."""
