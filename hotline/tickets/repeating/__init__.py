"""The same again (重复诉求): what follows upon what, as the ticket's own journal says it."""
