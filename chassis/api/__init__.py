"""A small layer for REST interfaces: typed operations, problems, scopes, paging by key, idempotent changes, OpenAPI."""
