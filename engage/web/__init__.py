"""HTTP: parse, call one verb, present; the only user of Flask."""
