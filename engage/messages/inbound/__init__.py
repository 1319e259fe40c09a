"""Mail that customers and servers send back: kept once, matched to what it answers, and told upward as events."""
