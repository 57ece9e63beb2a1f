"""How a provider says no. Neither carries an address or a text: both end up in logs and on the administrator's page."""


class Declined(Exception):  # noqa: N818 (it is an answer, not an error)
    """For good: another try would get the same answer."""


class NotYet(Exception):  # noqa: N818
    """Away, slow or busy: another try may succeed."""
