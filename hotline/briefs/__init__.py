"""Briefs (日报、周报、月报): what the hotline says of a period, frozen and signed by oversight."""
