"""Signing in by an OpenID provider: authorization code flow with PKCE; the server is a confidential or public client."""
