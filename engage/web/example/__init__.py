"""The sample company's product, as its customers see it: only in a home that `engage demo` made."""
