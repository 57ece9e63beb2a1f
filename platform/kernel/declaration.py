"""The kernel is a module, too: people, calendar, inbox, administration."""
