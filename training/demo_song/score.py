"""What the demo song plays: 18 bars in F minor at 136 beats a minute, a loop. Chords and lines are ours.

Two bars lead in, eight are the verse (lines one and two), eight the hook (lines three and four).
"""

from dataclasses import dataclass

RATE_HZ = 48_000
BEAT_FRAMES = 21_176  # 136 beats a minute; a whole number, so that bars and loop are exact
BAR_BEATS, BARS = 4, 18
FRAMES = BARS * BAR_BEATS * BEAT_FRAMES
VERSE_BAR, HOOK_BAR, LAST_BAR = 2, 10, 17

F, G, AB, BB, C, DB, EB = 5, 7, 8, 10, 0, 1, 3  # pitch classes
CHORDS = {
    "Fm": (F, AB, C),
    "Ab": (AB, C, EB),
    "Bbm": (BB, DB, F),
    "Cm": (C, EB, G),
    "Db": (DB, F, AB),
    "Eb": (EB, G, BB),
}
PROGRESSION = (
    "Db", "Eb",
    "Fm", "Ab", "Db", "Eb", "Fm", "Ab", "Bbm", "Eb",
    "Fm", "Ab", "Db", "Eb", "Fm", "Cm", "Db", "Eb",
)  # fmt: skip
"""One chord a bar, chosen under the recorded melody."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One note or stroke. beat: from the song's beginning. key: MIDI number; a drum has a name. level: 0 to 1."""

    beat: float
    beats: float
    key: int
    level: float
    name: str = ""


def root_key(bar: int) -> int:
    """The bass's note: F 1 to E 2."""
    return 29 + (CHORDS[PROGRESSION[bar]][0] - F) % 12


def chord_keys(bar: int, lowest: int) -> list[int]:
    """The chord's three tones in the octave from `lowest` on."""
    return sorted(lowest + (tone - lowest) % 12 for tone in CHORDS[PROGRESSION[bar]])


def drums() -> list[Hit]:
    """Half time: the snare on the third beat. The verse begins with the hat alone."""
    hits: list[Hit] = []
    for bar in range(VERSE_BAR, BARS):
        at, hook = bar * BAR_BEATS, bar >= HOOK_BAR
        kicks = (0.0, 1.5, 2.5) if hook and bar % 2 else (0.0, 2.5) if hook else (0.0, 3.5) if bar % 2 else (0.0,)
        hits += [Hit(at + beat, 0, 0, 1.0, "kick") for beat in kicks]
        hits.append(Hit(at + 2.0, 0, 0, 1.0 if hook else 0.8, "snare"))
        for step in range(8):
            opened = hook and step == 7
            level = (0.8, 0.4, 0.6, 0.45)[step % 4] * (1.0 if hook else 0.7)
            hits.append(Hit(at + step / 2, 0, 0, level, "open" if opened else "hat"))
        if hook:
            hits += [Hit(at + step / 4, 0, 0, (0.3, 0.15, 0.5, 0.2)[step % 4], "shaker") for step in range(16)]
    for bar in (HOOK_BAR - 1, LAST_BAR):  # a fill leads on
        hits += [Hit(bar * BAR_BEATS + 3 + step / 4, 0, 0, 0.5 + 0.12 * step, "tom") for step in range(4)]
    hits += [Hit(bar * BAR_BEATS, 0, 0, level, "crash") for bar, level in ((HOOK_BAR, 1.0), (14, 0.7))]
    return hits


def bass() -> list[Hit]:
    """Long notes in the verse, eighths that walk to the next chord in the hook."""
    notes: list[Hit] = []
    for bar in range(VERSE_BAR, BARS):
        at, key = bar * BAR_BEATS, root_key(bar)
        if bar < HOOK_BAR:
            notes += [Hit(at, 1.9, key, 0.9), Hit(at + 2.0, 1.0, key, 0.7), Hit(at + 3.0, 0.9, key + 7, 0.75)]
        else:
            ahead = root_key(bar + 1 if bar < LAST_BAR else 0)
            line = [key, key, key + 12, key, key, key + 7, key + 12, (key + ahead) // 2]
            notes += [Hit(at + n / 2, 0.46, each, 0.9 if n % 2 == 0 else 0.7) for n, each in enumerate(line)]
    return notes


def strings() -> list[Hit]:
    """High above the singer, in the hook alone."""
    return [
        Hit(bar * BAR_BEATS, BAR_BEATS, key, 0.8) for bar in range(HOOK_BAR, BARS) for key in chord_keys(bar, 77)[:2]
    ]


def piano() -> list[Hit]:
    """An electric piano: a chord at each bar's beginning, and one that pushes."""
    notes: list[Hit] = []
    for bar in range(BARS):
        pushes = ((0.0, 2.4, 0.75), (2.5, 1.4, 0.6)) if bar >= VERSE_BAR else ((0.0, 3.8, 0.8),)
        for beat, beats, level in pushes:
            notes += [Hit(bar * BAR_BEATS + beat, beats, key, level) for key in chord_keys(bar, 53)]
    return notes


def guitar() -> list[Hit]:
    """Plucked arpeggios in eighths, alone in the first two bars; strummed chords join them in the hook."""
    notes: list[Hit] = []
    for bar in range(BARS):
        at, low, high = bar * BAR_BEATS, chord_keys(bar, 53), chord_keys(bar, 65)
        pattern = [low[0], low[2], high[0], low[1], high[1], low[2], high[0], low[1]]
        notes += [
            Hit(at + step / 2, 0.5, key, 0.9 if step % 4 == 0 else 0.65, "picked") for step, key in enumerate(pattern)
        ]
        for step in (0, 2, 3, 5, 6) if bar >= HOOK_BAR else ():
            notes += [
                Hit(at + step / 2 + 0.02 * n, 0.5, key, 0.75 if step % 2 == 0 else 0.5, "strummed")
                for n, key in enumerate([*low, *high])
            ]
    return notes


def lead() -> list[Hit]:
    """A few bright notes that answer the singer between her lines, and lead in."""
    answers = (
        (0.0, ((0.0, 0.7, 84), (0.75, 0.7, 80), (1.5, 0.9, 77), (2.5, 1.4, 80),
               (4.0, 0.7, 82), (4.75, 0.7, 79), (5.5, 2.0, 75))),
        (22.0, ((0.0, 0.45, 75), (0.5, 0.45, 79), (1.0, 0.9, 82))),
        (54.0, ((0.0, 0.45, 84), (0.5, 0.45, 82), (1.0, 0.9, 80))),
        (70.0, ((0.0, 0.45, 82), (0.5, 0.45, 79), (1.0, 0.9, 75))),
    )  # fmt: skip
    return [Hit(start + beat, beats, key, 0.8) for start, line in answers for beat, beats, key in line]
