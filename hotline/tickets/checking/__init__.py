"""What a machine notices in a reply before a person reads it."""
