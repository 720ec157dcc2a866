"""The error base of the hw room. Each leaf also inherits the builtin that fits it."""


class HwError(Exception):
    """Anything hw refuses: a device that does not exist, a format it cannot do, a pin that is taken, …"""
