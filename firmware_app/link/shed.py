"""The steps of load shedding: what the audio process leaves out when it has too much to do, with words for people."""

import enum


class Shed(enum.IntEnum):
    """How much is left out. Each step includes the ones before it."""

    NOTHING = 0
    SPECTRUM = 1  # the page's spectrum stands still
    LISTEN = 2  # before and after are not kept
    STAGES = 3  # the stages of the voice rest that mend small things: dsp.rack.voice_stages.MENDING
    STEMS = 4  # the stems' model rests: noise reduction alone
    LIGHTER = 5  # a lighter bundle reduces the noise, where one is set
    DRY = 6  # every model rests, and every stage but feedback: the sound passes untouched


WORDS = {
    Shed.NOTHING: "",
    Shed.SPECTRUM: "the spectrum stands still",
    Shed.LISTEN: "before and after are not kept",
    Shed.STAGES: "clipping, clicks, plosives, room, breath and de-ess rest",
    Shed.STEMS: "stems are not taken apart",
    Shed.LIGHTER: "a lighter model reduces the noise",
    Shed.DRY: "the sound passes without any model or stage",
}
