"""Tables of serverkit in central's database: runs of jobs and the outbox."""
