"""Our own people: roles, logins, keys, and the audit trail of what they did."""
