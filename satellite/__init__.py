"""The customer's server: an isolated site with its devices, tokens and synchronization."""

__version__ = "0.2.0"
