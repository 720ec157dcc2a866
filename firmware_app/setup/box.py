"""BoxSetup: everything the page's Set up view changes: audio settings, sound check, name and wizard, PIN, backups."""

import logging
import threading
import time
from collections.abc import Callable

from firmware_app.config.keys import Config
from firmware_app.config.places import Places
from firmware_app.control.control import Control
from firmware_app.kept.choice import ChoiceStore
from firmware_app.kept.pin import Pin
from firmware_app.kept.saver import ANSWER_WITHIN_S
from firmware_app.kept.setup_notes import Measured, SetupNotesStore
from firmware_app.link.control_end import ControlLink
from firmware_app.link.wire import Down, InfoFrame, InputsFrame, MeterFrame
from firmware_app.setup.audio_settings import AudioSettings
from firmware_app.setup.backup import Backups
from firmware_app.setup.backup_reading import start_reader
from firmware_app.setup.sound_check import Result, SoundChecker
from firmware_app.system import power
from firmware_app.system.power import PowerError

log = logging.getLogger(__name__)

_ANSWER_FIRST_S = 0.5  # lets the page get its answer before the process ends


class BoxSetup:
    """One per control process. Any thread; the take_* are called by the link."""

    def __init__(self, config: Config, places: Places, control: Control, version: str) -> None:
        self.choice = ChoiceStore(config, places)
        config = self.choice.config
        self.config, self.places, self.control, self.version = config, places, control, version
        self.store = SetupNotesStore(places.state)
        self.audio = AudioSettings(config, places, lambda number: self._command(Down.REOPEN, 0, float(number)))
        self.sound_check = SoundChecker(
            lambda kind, index: self._command(kind, index, 0.0), lambda: control.latest.info, places.runtime
        )
        self.pin = Pin(places.state)
        self.backups = Backups(places.state, version, start_reader(config, places.factory_presets))
        self.started = time.monotonic()
        self.stop: Callable[[], None] = lambda: None  # ends the control process, which sets this
        self.on_choice: Callable[[], None] = lambda: None  # the audio process has chosen the model; control sets this
        self.revision = 1
        self._link: ControlLink | None = None
        self.audio.on_change = self.changed
        self.sound_check.on_result = self._measured
        control.save_also(self.store.save_job, self.audio.save_job, self.choice.save_job)

    @property
    def notes(self) -> tuple[str, ...]:
        return (*self.store.notes, *self.audio.notes, *self.choice.notes)

    @property
    def name(self) -> str:
        """What the box calls itself."""
        return self.store.now.name or self.config.box.name

    @property
    def set_up_by_file(self) -> bool:
        """Somebody has written a settings file that says more than where the page is: they know their way."""
        named = {key.partition(".")[0] for key in self.config.named}
        return self.config.source is not None and bool(named - {"page", "box"})

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
            self.config = self.choice.config
            self.audio.stand_on(self.config)
            self.on_choice()
            self.changed()
        self.audio.take_info(info)

    def take_inputs(self, frame: InputsFrame) -> None:
        self.sound_check.take_inputs(frame)

    def audio_down(self) -> None:
        self.audio.audio_down()
        self.sound_check.audio_down()

    def under(self, info: InfoFrame) -> Measured:
        """The interface and settings of a latency measurement."""
        return Measured(0, info.device, info.rate_hz, info.period_frames, info.periods)

    def measured_now(self) -> Measured | None:
        """The latency that was measured with the interface and settings in use."""
        info = self.control.latest.info
        return self.store.measured_on(self.under(info)) if info.rate_hz and not info.demo else None

    def restart(self) -> None:
        """End both processes; the supervisor starts them again. Raises PowerError."""
        reason = power.why_no_restart()
        if reason:
            raise PowerError(reason)
        log.info("starting again, as the page asks")
        self._command(Down.QUIT, 0, 0.0)
        timer = threading.Timer(_ANSWER_FIRST_S, self.stop)
        timer.daemon = True
        timer.start()

    def restore(self, backup: bytes) -> None:
        """Check a backup and restart the box with it. Raises BackupError, PowerError, and then changes nothing."""
        reason = power.why_no_restart()
        if reason:
            raise PowerError(reason)
        self.flush()  # the last changes belong in the backup of the present settings
        self.backups.stage(backup)
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
