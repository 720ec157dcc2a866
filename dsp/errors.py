"""The error base of the dsp room. Each leaf also inherits the builtin that fits it."""


class DspError(Exception):
    """Whatever dsp refuses: a parameter out of range, a bundle that does not match its hash, …"""
