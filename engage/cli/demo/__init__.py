"""`engage demo`: a sample company, played on real processes."""
