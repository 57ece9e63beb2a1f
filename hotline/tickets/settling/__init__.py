"""The ends of a ticket beside the ordinary one: refused, handed over, merged, held, final, reopened."""
