"""SendGrid: the payload, the transport, and the signed Event Webhook that comes back."""
