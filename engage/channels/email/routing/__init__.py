"""By which provider mail leaves, how fast, and what holds it back; in SQL, so that all workers know the same."""
