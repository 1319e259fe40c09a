"""What is live: immutable playbook and template versions; everyone reads it, rollout writes it."""
