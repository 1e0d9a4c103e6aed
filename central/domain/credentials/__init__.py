"""How programs and people prove who they are: API clients, access tokens, passwords."""
