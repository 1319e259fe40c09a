"""Mail that comes in, read: its text as it was sent, its writer's own words, what a robot means, what a report says."""
