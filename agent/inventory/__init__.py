"""Reading real device outputs into an inventory: what is certain is taken, what is not is named (row D4)."""
