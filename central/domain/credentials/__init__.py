"""Credentials of programs and people: API clients, access tokens, passwords."""
