"""Email providers behind one protocol: outbox, smtp, sendgrid, recording."""
