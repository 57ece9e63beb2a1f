"""Ratings (好差评): one per matter and person, low ones are followed up, small counts are not published."""
