"""Pure tests of the web parts."""
