"""What the demo city's citizens asked for, written for it."""
