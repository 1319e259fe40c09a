"""One policy a file, one shape: `check(candidate, now) -> Allow | Hold | Skip`; pure. The order is in `order.py`."""
