"""News for our own side: mail to colleagues, Slack, webhooks. Never to a customer; each is a row before it leaves."""
