"""The error base of the hw room. Each leaf also inherits the builtin that fits it."""


class HwError(Exception):
    """Anything that hw refuses: a missing device, a format that it cannot do, a pin that is taken, …"""
