"""The lean path of device messages: ASGI front, batches, worker."""
