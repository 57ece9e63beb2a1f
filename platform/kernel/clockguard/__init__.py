"""时钟: whether the wall clock of a machine can be believed. Deadlines, openings and receipts are told by it."""
