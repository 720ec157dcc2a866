"""The errors of web_ui, and the refusals of its API."""


class PageError(Exception):
    """The base of the errors of web_ui."""


class Refused(PageError):
    """A refused request: answered with `status` and the JSON {error, code}. code: for programs; often empty."""

    def __init__(self, status: int, message: str, code: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class PageAddressError(PageError, OSError):
    """The page's address cannot be served; the message says why."""


class PortTaken(PageAddressError):
    """The page's port is in use by another program."""
