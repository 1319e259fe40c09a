"""The page behind the deciding links of letters: a colleague without a login, for one approval."""
