"""The base of firmware_app's errors. Each error also inherits the builtin that fits it."""


class AppError(Exception):
    """Anything the box refuses. The message is for people: it names the thing, the value and what is allowed."""


class UsageError(AppError, ValueError):
    """A command was used wrongly: the exit code is 2, not 1."""
