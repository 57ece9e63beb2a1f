"""What a caller sees (诉求人): bring a matter up, follow it by number and query code, read released answers."""
