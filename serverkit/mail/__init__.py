"""Mail: written into the outbox with the change that causes it, sent after the commit by a job."""
