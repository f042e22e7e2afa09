"""How a job ends before its time."""


class JobFailed(ValueError):
    """A job cannot go on; the message says what was found and what to do, and is all one needs."""


class Stopped(BaseException):
    """A job has to end now, through no fault of its own; the message says why.

    Like KeyboardInterrupt it can come from anywhere, so that no handler of errors may swallow it.
    """


class TrainingFailed(JobFailed):
    """Training cannot go on; the message says at which image, what was seen and what to try."""
