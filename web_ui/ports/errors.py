"""What any method of any port may raise."""


class ControlRefused(ValueError):
    """A change that the box does not accept. The message names the thing, the value and what is allowed."""


class PinRefused(ControlRefused):
    """A wrong PIN, or one that cannot be a PIN. wait_s: how long the client has to wait before its next try."""

    def __init__(self, message: str, wait_s: float = 0.0) -> None:
        super().__init__(message)
        self.wait_s = wait_s


class PairRefused(ControlRefused):
    """A code that lets nobody in, or a phone that cannot be let in now. wait_s: how long until the next try.

    why: for the page: "wrong" code, "several" phones ask, or "" for what only the message says.
    """

    def __init__(self, message: str, wait_s: float = 0.0, why: str = "") -> None:
        super().__init__(message)
        self.wait_s = wait_s
        self.why = why


class NotThere(LookupError):
    """The thing that is asked for does not exist: a parameter, a control, a recording. The message names others."""
