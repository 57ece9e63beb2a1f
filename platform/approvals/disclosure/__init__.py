"""政务公开: what the city publishes of its policies, and how the texts of other sites become readable pages."""
