"""From events and dates to decisions: match, enrol, decide, advance, exit, explain; orders go down to messages."""
