"""Messages to a log server (RFC 5424) over UDP, TCP or TLS."""
