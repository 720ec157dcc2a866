"""The error base of the web_ui room, and what the API answers when it refuses something."""


class PageError(Exception):
    """Anything the page refuses or cannot do."""


class Refused(PageError):
    """A request that is answered with `status` and a JSON body {error, code}. `code` is for programs, often empty."""

    def __init__(self, status: int, message: str, code: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class PageAddressError(PageError, OSError):
    """The page's address cannot be served; the message says why."""


class PortTaken(PageAddressError):
    """The page's port is in use by another program."""
