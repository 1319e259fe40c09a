"""A person's data, shown whole or taken away; where it is stands in `places.py`. Nothing is done without a person."""
