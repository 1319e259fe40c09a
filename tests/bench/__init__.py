"""Benchmarks: what Engage does in a second, beside others doing the same mail to the same sink in the same run."""
