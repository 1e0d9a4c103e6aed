"""The server's TLS key pair: its own at first, or one that an administrator drops into the folder `tls`."""
