"""The parameter values in force, as the audio process has them: in the rack, and in memory that outlives it."""

from dsp.params import ParamRangeError
from dsp.rack.rack import Rack
from firmware_app.config.places import Places
from firmware_app.kept.param_table import PARAMS
from firmware_app.kept.start_from import SHARED, live_values, to_start_from
from firmware_app.kept.store import Store
from firmware_app.link.shared_state import SharedState
from firmware_app.link.wire import params_hash


class Parameters:
    """Every parameter of the box by its index in the table. Audio thread."""

    def __init__(self, rack: Rack, places: Places) -> None:
        """Restore the values: this boot's from shared memory, else those saved. A mute outlives everything.

        Raises OSError when the runtime folder cannot be used.
        """
        self._rack = rack
        self._ids = list(PARAMS)
        self.hash = params_hash(self._ids)
        saved = Store(places.state, PARAMS).load(look_only=True)
        values = to_start_from(saved, live_values(places.sound, PARAMS))
        known = [values.get(id, spec.default) for id, spec in PARAMS.items()]
        self.shared = SharedState(places.sound / SHARED, self.hash, known)
        for index, value in enumerate(known):
            self.set(index, value)

    def set(self, index: int, value: float) -> None:
        """Put a value in force. Control of another version may send an index or value that cannot be: it is ignored."""
        if index >= len(self._ids):
            return
        id = self._ids[index]
        try:
            value = PARAMS[id].check(value)
        except ParamRangeError:
            return
        self.shared.set(index, value)
        if id in self._rack.params:
            self._rack.set_param(id, value)
