"""The playbook language: text to typed, checked, frozen values; pure."""
