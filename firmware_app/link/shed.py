"""The steps of load shedding: what the audio process leaves out when it has too much to do, with words for people."""

import enum


class Shed(enum.IntEnum):
    """How much is left out. Each step includes the ones before it."""

    NOTHING = 0
    SPECTRUM = 1  # the page's spectrum stands still
    LISTEN = 2  # before and after are not kept
    STEMS = 3  # the stems' model rests: noise reduction alone
    LIGHTER = 4  # a lighter bundle reduces the noise, where one is set
    DRY = 5  # every model rests: the sound passes untouched


WORDS = {
    Shed.NOTHING: "",
    Shed.SPECTRUM: "the spectrum stands still",
    Shed.LISTEN: "before and after are not kept",
    Shed.STEMS: "stems are not taken apart",
    Shed.LIGHTER: "a lighter model reduces the noise",
    Shed.DRY: "the sound passes without any model",
}
