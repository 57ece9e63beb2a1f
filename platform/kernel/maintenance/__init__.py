"""维护: the hall open, open for reading only, or closed, by a person's word."""
