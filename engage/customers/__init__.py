"""Accounts, contacts, contracts: projections of events, and the facts made from them."""
