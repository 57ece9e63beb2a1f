"""What the keepers of the hall see from outside: logs, metrics, health. No personal data in any of them."""
