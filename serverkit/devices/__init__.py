"""The fast path of device messages: ASGI front, batches, worker."""
