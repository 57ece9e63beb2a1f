"""办件时效公开: what the city publishes of its hotline each month, without anybody being recognisable."""
