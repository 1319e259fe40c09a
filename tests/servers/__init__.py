"""Stand-ins for providers: real processes over sockets, each with its own log."""
