"""What goes wrong for a reason that the user can act on."""


class JobFailed(ValueError):
    """A job cannot go on; the message says what was found and what to do, and is all one needs."""
