"""The outbox: mails as files in a folder."""
