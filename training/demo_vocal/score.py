"""The song: the round "Are you sleeping" (traditional), as notes and phones, and how each phone is made."""

from dataclasses import dataclass

BEAT_S = 0.8
BEATS = 16
LENGTH_S = BEAT_S * BEATS  # 12.8 s: a whole number of cycles of every hum and blade below, so that the loop is seamless
FIRST_BEAT_S = 0.2

A3, B3, CS4, D4, E4 = 220.0, 246.94, 277.18, 293.66, 329.63  # Hz


@dataclass(frozen=True, slots=True)
class Phone:
    """A target of the voice. Formants in Hz; levels relative to a vowel's voicing of 1."""

    f1: float
    f2: float
    f3: float
    voice: float = 1.0
    breath: float = 0.02  # noise at the glottis, shaped by the formants
    hiss: float = 0.0  # noise at the teeth or lips, shaped by hiss_low_hz … hiss_high_hz
    hiss_low_hz: float = 3000.0
    hiss_high_hz: float = 9000.0


PHONES = {
    "ah": Phone(800, 1220, 2750),
    "oo": Phone(380, 980, 2650),
    "ee": Phone(360, 2500, 3150),
    "ih": Phone(440, 2200, 2950),
    "uh": Phone(720, 1350, 2700),
    "er": Phone(500, 1500, 1950),
    "aw": Phone(680, 1080, 2700),
    "r": Phone(400, 1250, 1700, voice=0.6),
    "y": Phone(300, 2350, 3050, voice=0.6),
    "l": Phone(380, 1250, 2800, voice=0.5),
    "n": Phone(280, 1600, 2500, voice=0.3),
    "ng": Phone(290, 2000, 2700, voice=0.3),
    "b": Phone(280, 900, 2300, voice=0.08),
    "th": Phone(320, 1500, 2600, voice=0.3, hiss=0.012, hiss_low_hz=2500, hiss_high_hz=11000),
    "j": Phone(300, 2000, 2700, voice=0.1, hiss=0.045, hiss_low_hz=2200, hiss_high_hz=8500),
    "s": Phone(350, 1800, 2700, voice=0.0, hiss=0.05, hiss_low_hz=5600, hiss_high_hz=11500),
    "p": Phone(350, 1100, 2400, voice=0.0, breath=0.0),
    "p'": Phone(400, 1500, 2600, voice=0.1, breath=0.12, hiss=0.03, hiss_low_hz=500, hiss_high_hz=5000),
    "inhale": Phone(650, 1500, 2600, voice=0.0, breath=0.05, hiss=0.012, hiss_low_hz=1500, hiss_high_hz=9000),
    "rest": Phone(500, 1500, 2600, voice=0.0, breath=0.0),
}


@dataclass(frozen=True, slots=True)
class Note:
    """One syllable: consonants before the beat, the vowel on it, consonants that end it. Durations in seconds."""

    beat: float
    beats: float
    pitch_hz: float
    before: tuple[tuple[str, float], ...]
    vowel: str
    after: tuple[tuple[str, float], ...] = ()


_LINE_1 = (
    Note(0, 1, A3, (), "ah", (("r", 0.09),)),
    Note(1, 1, B3, (("y", 0.08),), "oo"),
    Note(2, 1, CS4, (("s", 0.12), ("l", 0.07)), "ee"),
    Note(3, 0.8, A3, (("p", 0.06), ("p'", 0.035)), "ih", (("ng", 0.16),)),
)
_LINE_2 = (
    Note(0, 1, CS4, (("b", 0.05), ("r", 0.06)), "uh"),
    Note(1, 1, D4, (("th", 0.07),), "er"),
    Note(2, 1.55, E4, (("j", 0.09),), "aw", (("n", 0.2),)),
)


def notes() -> list[Note]:
    """The whole round, in order."""
    verse = []
    for first, line in ((0, _LINE_1), (4, _LINE_1), (8, _LINE_2), (12, _LINE_2)):
        verse += [Note(first + n.beat, n.beats, n.pitch_hz, n.before, n.vowel, n.after) for n in line]
    return verse


def timeline() -> list[tuple[str, float, float]]:
    """(phone, start, end) in seconds, without gaps, from 0 to LENGTH_S; what is not sung is rest or a breath."""
    placed: list[tuple[str, float, float]] = []
    sung = notes()
    for index, note in enumerate(sung):
        onset = FIRST_BEAT_S + note.beat * BEAT_S
        start = onset - sum(seconds for _, seconds in note.before)
        for phone, seconds in note.before:
            placed.append((phone, start, start + seconds))
            start += seconds
        end = FIRST_BEAT_S + (note.beat + note.beats) * BEAT_S
        if index + 1 < len(sung):  # the next syllable's consonants are taken from this one's time
            following = sung[index + 1]
            next_start = FIRST_BEAT_S + following.beat * BEAT_S - sum(seconds for _, seconds in following.before)
            end = min(end, next_start)
        tail = sum(seconds for _, seconds in note.after)
        placed.append((note.vowel, onset, end - tail))
        start = end - tail
        for phone, seconds in note.after:
            placed.append((phone, start, start + seconds))
            start += seconds
    placed.append(("inhale", LENGTH_S - 0.65, LENGTH_S - 0.25))
    whole: list[tuple[str, float, float]] = []
    at = 0.0
    for phone, start, end in sorted(placed, key=lambda p: p[1]):
        if start > at:
            whole.append(("rest", at, start))
        whole.append((phone, start, end))
        at = end
    return [*whole, ("rest", at, LENGTH_S)]
