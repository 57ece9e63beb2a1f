"""A demo hall that runs, and a browser in front of it."""

from tests.browsing import browser, hall

__all__ = ["browser", "hall"]
