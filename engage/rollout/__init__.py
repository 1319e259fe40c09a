"""Making a workspace of playbooks live."""
