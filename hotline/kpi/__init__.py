"""What the hotline is measured by and supervised by: definitions and rules as data."""
