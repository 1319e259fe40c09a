"""SMTP: kept, pipelined connections to one server."""
