"""Questions to customers and their answers: kept, counted, and known as facts."""
