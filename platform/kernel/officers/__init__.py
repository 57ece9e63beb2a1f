"""代行: who acts in another's place, until when, and never with more than that other holds."""
