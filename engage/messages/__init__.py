"""From an order to a delivered message: draft, gate, approve, render, deliver, receipts."""
