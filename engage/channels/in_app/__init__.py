"""In-app messages: rows that a browser of the customer reads."""
