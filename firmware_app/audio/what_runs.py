"""What the audio process tells control about itself: which device, chain and model run, and what is wrong, in words."""

from collections.abc import Mapping

from dsp.rack.rack import CHAIN, CHAINS, Rack
from firmware_app.audio.source import Opened
from firmware_app.audio.trial import AudioTrial
from firmware_app.link.wire import InfoFrame

MODEL_OFF = "fails or is late again and again: the sound goes round it, and it is tried every second."
NO_MUSIC = "No music: [audio] music_channels in hushbox.toml names its inputs. The microphone is heard alone."


def what_runs(
    rack: Rack, problems: Mapping[str, str], settings: AudioTrial, opened: Opened, params_hash: int
) -> InfoFrame:
    """The frame for the link.  problems: of each chain, by name. Audio thread."""
    io, form = opened.io, opened.io.format if opened.io is not None else None
    problem = _problem(rack, problems, settings)
    # Why nothing is heard comes before why it is heard untouched.
    messages = (problem, opened.message) if io else (opened.message, problem)
    return InfoFrame(
        params_hash=params_hash,
        rate_hz=form.rate_hz if form else 0,
        period_frames=form.period_frames if form else 0,
        periods=form.periods if form else 0,
        chain_latency_frames=rack.latency_frames if form else 0,
        io_latency_frames=io.latency_frames if io else 0,
        device=io.name if io else "none",
        bundle=rack.model_name,
        # Both, where the interface does less than the settings ask.
        message=" ".join(filter(None, messages)) if opened.fit else messages[0] or messages[1],
        demo=opened.demo,
        trial=settings.number,
        refused=settings.refused,
        device_inputs=form.capture_channels if form else 0,
        device_outputs=form.playback_channels if form else 0,
    )


def _problem(rack: Rack, problems: Mapping[str, str], settings: AudioTrial) -> str:
    chain = CHAINS[int(rack.param(CHAIN.id))]
    if problems.get(chain):
        return problems[chain]
    if chain == "voice over music" and not settings.audio.music_channels:
        return NO_MUSIC
    return f"{rack.model_name} {MODEL_OFF}" if rack.model_off else ""
