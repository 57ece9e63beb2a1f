"""时限: deadlines that anyone may derive again from the journal: due = f(start, budget, ledger, calendar)."""
