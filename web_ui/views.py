"""The ports' views as JSON, for the API and the event stream. Pure functions."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from web_ui.ports.live import LevelView, ParamView, StageView, StatusView, StepView
from web_ui.ports.pairing import Entry
from web_ui.ports.panel import LearnView
from web_ui.ports.presets import PresetsNews
from web_ui.ports.setup import SetupNewsView
from web_ui.ports.simulator import SimulatedPin
from web_ui.ports.sound import CompareView

SILENCE_DB = -120.0


SPOKEN = frozenset({
    "audio_reason", "best_for", "board", "clock_is_wrong", "does", "found", "gestures", "health", "how", "message",
    "no_power_off", "no_restart", "note", "notes", "place", "problem", "problems", "reason", "safe_mode", "says",
    "scores", "shows", "summary", "taken_in", "text", "undo", "undone", "where", "why", "why_not", "wired", "wiring",
    "words",
})  # fmt: skip
"""The fields in which the box itself speaks, whole sentences or names of its own. All others hold data and names that
somebody has given."""
_SPOKEN_WITHIN: Mapping[str, frozenset[str]] = {"trained_on": frozenset({"what"})}


def told(tree: Any, say: Callable[[str], str] | None, spoken: frozenset[str] = SPOKEN) -> Any:
    """A JSON tree with what stands in its `spoken` fields put through `say`: a text, a list or an object of texts."""
    if say is None:
        return tree
    if isinstance(tree, list | tuple):
        return [told(each, say, spoken) for each in tree]
    if not isinstance(tree, dict):
        return tree
    if tree.get("kind") == "list":  # a StepView: its name is what was done to the list of presets
        spoken |= {"name"}
    answer = {}
    for key, value in tree.items():
        if key in spoken:
            value = _said(value, say)
        elif isinstance(value, dict | list | tuple):
            value = told(value, say, spoken | _SPOKEN_WITHIN[key] if key in _SPOKEN_WITHIN else spoken)
        answer[key] = value
    return answer


def _said(value: Any, say: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return say(value) if value else value
    if isinstance(value, list | tuple):
        return [say(each) if isinstance(each, str) else told(each, say) for each in value]
    if isinstance(value, dict) and all(isinstance(each, str) for each in value.values()):
        return {key: say(each) for key, each in value.items()}
    return told(value, say)


def dumps(value: object) -> str:
    """Compact JSON. Raises ValueError for NaN, which no browser parses. Any text can be sent."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    # A lone surrogate, kept by an older version, becomes an escape: UTF-8 has no bytes for it.
    return text if text.isascii() else text.encode(errors="backslashreplace").decode()


def status_json(view: StatusView) -> dict[str, Any]:
    """A StatusView, rounded to what is shown: each phone gets it 20 times a second."""
    return {
        "audio_alive": view.audio_alive,
        "state": view.state,
        "message": view.message,
        "device": view.device,
        "demo": view.demo,
        "bundle": view.bundle,
        "rate_hz": view.rate_hz,
        "period_frames": view.period_frames,
        "periods": view.periods,
        "latency_ms": _finite(view.latency_ms, 2),
        "chain_latency_frames": view.chain_latency_frames,
        "load_p50": _finite(view.load_p50, 3),
        "load_p99": _finite(view.load_p99, 3),
        "load_mean": _finite(view.load_mean, 3),
        "xruns": view.xruns,
        "late_hops": view.late_hops,
        "dry_hops": view.dry_hops,
        "reduction_db": _finite(view.reduction_db, 1),
        "inputs": [_level_json(level) for level in view.inputs],
        "outputs": [_level_json(level) for level in view.outputs],
        "stems_db": {name: _finite(db, 1, SILENCE_DB) for name, db in view.stems_db.items()},
        "uptime_s": _finite(view.uptime_s, 0),
        "safe_mode": view.safe_mode,
        "shed": view.shed,
        "sheds": view.sheds,
        "temperature_c": None if view.temperature_c is None else _finite(view.temperature_c, 0),
        "output": view.output,
        "silent_stems": list(view.silent_stems),
        "chains": list(view.chains),
        "latency_measured": view.latency_measured,
        "calm": view.calm,
        "stages": [_stage_json(stage) for stage in view.stages],
    }


def stages_news_json(stages: Sequence[StageView]) -> list[dict[str, Any]]:
    """The stages without what moves with every meter frame, which stage_db_json tells."""
    return [{name: value for name, value in _stage_json(stage).items() if name != "change_db"} for stage in stages]


def stage_db_json(stages: Sequence[StageView]) -> list[float]:
    """The change_db of each stage, in the same order."""
    return [_finite(stage.change_db, 1) + 0.0 for stage in stages]  # + 0.0: no "-0.0"


def param_json(view: ParamView) -> dict[str, Any]:
    """A ParamView."""
    return asdict(view) | {"choices": list(view.choices), "value": _finite(view.value, 6)}


def values_json(values: Mapping[str, float]) -> dict[str, float]:
    """All current values by id."""
    return {id: _finite(value, 6) for id, value in values.items()}


def step_json(view: StepView) -> dict[str, Any]:
    """A change that can be undone."""
    return {
        "number": view.number,
        "kind": view.kind,
        "name": view.name,
        "who": view.who,
        "ago_s": round(view.ago_s),
        "changes": [
            {"id": id, "before": _finite(before, 6), "after": _finite(after, 6)}
            for id, (before, after) in view.changes.items()
        ],
    }


def undo_news_json(steps: Sequence[StepView]) -> dict[str, Any]:
    """The newest change that can be undone, as every open page gets it. Without its age, which changes all the time."""
    newest = {name: value for name, value in step_json(steps[0]).items() if name != "ago_s"} if steps else None
    return {"count": len(steps), "newest": newest}


def panel_json(pins: Sequence[SimulatedPin]) -> list[dict[str, Any]]:
    """The simulated front panel."""
    return [
        asdict(pin) | {"position": _finite(pin.position, 3), "levels": [_finite(level, 3) for level in pin.levels]}
        for pin in pins
    ]


def learn_json(view: LearnView) -> dict[str, Any]:
    """The state of learning."""
    return asdict(view)


def presets_news_json(view: PresetsNews) -> dict[str, Any]:
    """The news of presets and scenes."""
    return asdict(view) | {"scenes": dict(view.scenes)}


def compare_json(view: CompareView) -> dict[str, Any]:
    """A CompareView, rounded to what can be heard."""
    rounded = {k: round(v, 1) if isinstance(v, float) else v for k, v in asdict(view).items()}
    return rounded | {"measured_s": round(view.measured_s)}


def setup_news_json(view: SetupNewsView) -> dict[str, Any]:
    """The news of the set-up, with levels rounded to what a meter shows."""
    tree = asdict(view)
    tree["check"]["inputs_db"] = [_finite(db, 1, SILENCE_DB) for db in view.check.inputs_db]
    return tree


def entry_json(view: Entry) -> dict[str, Any]:
    """What the page offers depends on it. Without what changes by itself."""
    return {"role": view.role, "phone_id": view.phone_id, "claimed": view.claimed, "open_play": view.open_play}


def _level_json(level: LevelView) -> dict[str, float]:
    return {"peak_db": _finite(level.peak_db, 1, SILENCE_DB), "rms_db": _finite(level.rms_db, 1, SILENCE_DB)}


def _stage_json(stage: StageView) -> dict[str, Any]:
    return {
        "name": stage.name,
        "on": stage.on,
        "at_work": stage.at_work,
        "change_db": _finite(stage.change_db, 1),
        "minute_db": _finite(stage.minute_db, 1),
        "detail": _finite(stage.detail, 1),
        "says": stage.says,
    }


def _finite(value: float, digits: int, instead: float = 0.0) -> float:
    return round(float(value), digits) if math.isfinite(value) else instead
