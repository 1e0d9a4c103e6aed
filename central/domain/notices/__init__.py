"""Mail to people of a customer: who is told what, and the texts."""
