"""拟不予受理: what an operator proposes and the shift lead decides (T05)."""
