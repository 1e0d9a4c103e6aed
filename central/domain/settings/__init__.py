"""What the vendor set in pages and by commands about central itself."""
