"""The licensing agreement (row C1.4)."""
