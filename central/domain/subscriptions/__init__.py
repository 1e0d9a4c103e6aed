"""Assignment of subscriptions, which are licences billed by usage, to virtual accounts (row C4.2)."""
