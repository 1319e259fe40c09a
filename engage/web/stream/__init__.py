"""The live stream of in-app inboxes: a process of its own, so that open streams cost `engage web` nothing."""
