"""Morph: a knob, pedal or fader between scenes A and B. It only sets other parameters, so it is control's."""

import threading

from firmware_app.control.control import Control
from firmware_app.control.undo import ORIGIN as UNDO
from firmware_app.kept.scenes import MORPH, Scenes

FOLLOW_S = 0.02  # a moving fader sets the parameters at most this often


class Morpher(threading.Thread):
    """Follows `scenes.morph`. In its own thread, because a listener must not change other parameters."""

    def __init__(self, control: Control, scenes: Scenes) -> None:
        super().__init__(name="morph", daemon=True)
        self._control = control
        self._scenes = scenes
        self._moved = threading.Event()
        self._stopping = threading.Event()
        control.listen("morph", self._on_change)

    def stop(self) -> None:
        """End the thread and wait for it. Raises RuntimeError when it will not end."""
        self._stopping.set()
        self._moved.set()
        self.join(timeout=1.0)
        if self.is_alive():
            raise RuntimeError("the morph thread did not stop within 1 s")

    def run(self) -> None:
        while True:
            self._moved.wait()
            self._moved.clear()
            if self._stopping.is_set():
                return
            share = (self._control.value(MORPH.id) - MORPH.low) / (MORPH.high - MORPH.low)
            self._control.set_params(self._scenes.between(share, self._control.specs), "morph")
            self._stopping.wait(FOLLOW_S)

    def _on_change(self, id: str, value: float, origin: str) -> None:
        # Recalling a scene moves the fader to its end, and has set everything already; so has undo.
        if id == MORPH.id and origin not in ("scene", UNDO):
            self._moved.set()
