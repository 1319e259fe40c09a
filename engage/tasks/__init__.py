"""Work for humans: raised once by key, listed, done."""
