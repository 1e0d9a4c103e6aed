"""Webhooks: news of a server as signed requests to receivers, with a retry, an end, and a log of deliveries."""
