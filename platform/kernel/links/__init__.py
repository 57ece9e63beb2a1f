"""Links between things, by Ref: neither end imports the other's module."""
