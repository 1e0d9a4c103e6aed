"""Client library, command and fleet emulator for makers of products."""
