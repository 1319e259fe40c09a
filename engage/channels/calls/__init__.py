"""HTTP calls to addresses that the team names in its settings: webhooks and Slack."""
