"""时限: deadlines that anyone may derive again from the journal. due = f(start, budget, pauses, stops, extensions, calendar)."""
