"""首页、我的: what a person meets first, composed from what the modules give."""
