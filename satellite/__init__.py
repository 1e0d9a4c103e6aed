"""The customer's side: an isolated site with its devices, tokens and synchronization."""
