"""What both servers are bolted on; nothing here knows of licences."""
