"""What crosses the gap: formats, signatures and the rules that both sides share. No framework, no database."""
