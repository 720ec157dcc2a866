"""BoxSetup: what the page's Set up view changes: audio settings, sound check, name, wizard, phones, PIN, backups."""

import logging
import threading
import time
from collections.abc import Callable

from dsp.rack.rack import BOTH, CHAIN, CHAINS, MUSIC, VOICE
from firmware_app.config.keys import Config
from firmware_app.config.places import Places
from firmware_app.control.control import Control
from firmware_app.kept import models
from firmware_app.kept.choice import ChoiceStore
from firmware_app.kept.factory import Preset
from firmware_app.kept.loads import LoadsStore
from firmware_app.kept.models import ModelsStore
from firmware_app.kept.pairings import Pairings
from firmware_app.kept.pin import Pin
from firmware_app.kept.saver import ANSWER_WITHIN_S
from firmware_app.kept.setup_notes import Measured, SetupNotesStore
from firmware_app.link.control_end import ControlLink
from firmware_app.link.wire import Down, InfoFrame, InputsFrame, MeterFrame, ModelSlot, bundle_number
from firmware_app.models.carry import Load
from firmware_app.models.choice import Candidates, machine_of
from firmware_app.network.box import BoxNetwork
from firmware_app.setup.audio_settings import AudioSettings
from firmware_app.setup.backup import Backups
from firmware_app.setup.backup_reading import start_reader
from firmware_app.setup.lost_everything import LostEverything
from firmware_app.setup.model_work import ModelWork
from firmware_app.setup.presence import Presence
from firmware_app.setup.sound_check import Result, SoundChecker
from firmware_app.system import power
from firmware_app.system.power import PowerError

log = logging.getLogger(__name__)

_ANSWER_FIRST_S = 0.5  # lets the page get its answer before the process ends


class BoxSetup:
    """One per control process. Any thread; the take_* are called by the link."""

    def __init__(self, config: Config, places: Places, control: Control, version: str, pairings: Pairings) -> None:
        self.choice = ChoiceStore(config, places)
        config, self._model_notes = models.in_force(self.choice.config, places)
        self.models = ModelsStore(places.state)
        self.config, self.places, self.control, self.version = config, places, control, version
        self.store = SetupNotesStore(places.state)
        self.audio = AudioSettings(config, places, lambda number: self._command(Down.REOPEN, 0, float(number)))
        self.sound_check = SoundChecker(
            lambda kind, index: self._command(kind, index, 0.0), lambda: control.latest.info, places.sound
        )
        self.loads = LoadsStore(places.state)
        self.network = BoxNetwork(places.state, config.network.country)
        self.model_work = ModelWork(places.runtime, self._take_load)
        self.pin = Pin(places.state)
        self.pairings, self.presence = pairings, Presence()
        self.lost_everything = LostEverything(pairings, self.pin, [self.network.forget_all])
        self.backups = Backups(places.state, version, start_reader(config, places.factory_presets))
        self.started = time.monotonic()
        self.stop: Callable[[], None] = lambda: None  # ends the control process, which sets this
        self.page_fingerprint: Callable[[], str] = lambda: ""  # of its certificate; who serves the page sets this
        self.revision = 1
        self.ending = ""  # "restart" or "power off", once the page has asked for it
        self._link: ControlLink | None = None
        self._audio_there = False
        self.audio.on_change = self.changed
        self.sound_check.on_result = self._measured
        control.save_also(self.store.save_job, self.audio.save_job, self.choice.save_job, self.models.save_job)
        control.save_also(self.loads.save_job, self.pairings.save_job)
        self.pairings.on_change = self.network.on_change = self.changed

    @property
    def notes(self) -> tuple[str, ...]:
        return (*self.store.notes, *self.audio.notes, *self.choice.notes, *self.models.notes, *self._model_notes,
                *self.loads.notes, *self.pairings.notes,
                *self.network.store.notes)  # fmt: skip

    @property
    def name(self) -> str:
        """What the box calls itself."""
        return self.store.now.name or self.config.box.name

    @property
    def set_up_by_file(self) -> bool:
        """Somebody has written a settings file that says more than where the page is: they know their way."""
        named = {key.partition(".")[0] for key in self.config.named}
        return self.config.source is not None and bool(named - {"page", "box"})

    @property
    def chains(self) -> tuple[str, ...]:
        """The chains that can be played here: music needs its model, and beside a microphone inputs of its own."""
        if not self.places.has_bundle(self.config.model.stems_bundle):
            return (VOICE,)
        demo = self.control.latest.info.demo and not self.audio.in_force.demo_file  # it brings music of its own
        return (VOICE, MUSIC, BOTH) if self.audio.in_force.music_channels or demo else (VOICE, MUSIC)

    def possible(self, preset: Preset) -> bool:
        """Whether this box can play what a preset plays."""
        wanted = preset.params.get(CHAIN.id)
        return wanted is None or CHAINS[int(wanted)] in self.chains

    def connect(self, link: ControlLink) -> None:
        """Send commands over this link from now on."""
        self._link = link

    def changed(self) -> None:
        """Tell every page."""
        self.revision += 1
        self.control.news()

    def take_meter(self, meter: MeterFrame) -> None:
        self.audio.take_meter(meter)

    def take_info(self, info: InfoFrame) -> None:
        if self.choice.look():  # measured at this start
            self.config, _ = models.in_force(self.choice.config, self.places)
            self.audio.stand_on(self.config)
            self.changed()
        if not self._audio_there:  # it has just come: a change of bundle may have been lost with the one before
            self._audio_there = True
            for key in models.KEYS:
                self._send_model(key)
        self.audio.take_info(info)

    def take_inputs(self, frame: InputsFrame) -> None:
        self.sound_check.take_inputs(frame)

    def audio_down(self) -> None:
        self._audio_there = False
        self.audio.audio_down()
        self.sound_check.audio_down()

    def under(self, info: InfoFrame) -> Measured:
        """The interface and settings of a latency measurement."""
        return Measured(0, info.device, info.rate_hz, info.period_frames, info.periods)

    def measured_now(self) -> Measured | None:
        """The latency that was measured with the interface and settings in use."""
        info = self.control.latest.info
        return self.store.measured_on(self.under(info)) if info.rate_hz and not info.demo else None

    def use_model(self, key: str, name: str) -> str:
        """Play with another bundle, one that the audio process has loaded, and at every start from now on.

        key: one of kept.models.KEYS. Returns why it is not on disk within ANSWER_WITHIN_S, else "".
        """
        self.config = models.with_bundle(self.config, key, name)
        self.models.choose(key, name)
        self._send_model(key)
        self.changed()
        return self.models.save_job.wait(ANSWER_WITHIN_S)

    def machine(self, bundle: str) -> str:
        """Changes when a measurement of this bundle does not hold any more."""
        folder = self.places.bundle(bundle)
        return machine_of(
            Candidates({bundle: folder}, None, self.config.model.runtime, None, 1, self.config.model.spread)
        )

    def _take_load(self, load: Load) -> None:
        self.loads.keep(load, self.machine(load.bundle))

    def _send_model(self, key: str) -> None:
        slot = ModelSlot(models.KEYS.index(key))
        self._command(Down.MODEL, slot, float(bundle_number(getattr(self.config.model, key))))

    def restart(self) -> None:
        """End both processes; the supervisor starts them again. Raises PowerError."""
        reason = power.why_no_restart()
        if reason:
            raise PowerError(reason)
        log.info("starting again, as the page asks")
        self._end("restart")
        self._command(Down.QUIT, 0, 0.0)
        timer = threading.Timer(_ANSWER_FIRST_S, self.stop)
        timer.daemon = True
        timer.start()

    def power_off(self) -> None:
        """Switch the board off. Raises PowerError."""
        self._end("power off")  # every page is told before the system begins to stop
        try:
            power.power_off()
        except PowerError:
            self._end("")
            raise

    def _end(self, how: str) -> None:
        self.ending = how
        self.changed()

    def restore(self, backup: bytes) -> None:
        """Check a backup and restart the box with it. Raises BackupError, PowerError, and then changes nothing."""
        self._restart_with(lambda: self.backups.stage(backup))

    def undo_restore(self) -> None:
        """Restart with the settings before the newest restore. Raises as `restore`."""
        self._restart_with(self.backups.stage_before)

    def keep_restore(self) -> None:
        """The newest restore stays, and is offered back no longer. Any thread."""
        self.backups.keep()
        self.changed()

    def _restart_with(self, stage: Callable[[], None]) -> None:
        reason = power.why_no_restart()
        if reason:
            raise PowerError(reason)
        self.flush()  # the last changes belong in the backup of the present settings
        stage()
        self.restart()

    def flush(self) -> str:
        """Wait until the last changes are on disk. Returns why they are not, else ""."""
        return self.control.flush(ANSWER_WITHIN_S)

    def _measured(self, result: Result) -> None:
        if not result.fault:
            info = self.control.latest.info
            self.store.remember(Measured(result.frames, info.device, info.rate_hz, info.period_frames, info.periods))
        self.changed()

    def _command(self, kind: Down, index: int, value: float) -> None:
        if self._link is not None:
            self._link.send_command(kind, index, value)
