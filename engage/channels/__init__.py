"""One folder per way to reach a person; nothing else talks to a provider."""
