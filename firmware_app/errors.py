"""The error base of the firmware_app room. Each leaf also inherits the builtin that fits it."""


class AppError(Exception):
    """Anything the appliance refuses. The message is for people: the thing, the value, what is allowed."""


class UsageError(AppError, ValueError):
    """The command was asked for something that cannot be: the exit code is 2, not 1."""
