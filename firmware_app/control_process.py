"""The control process: Control, the panel and the page; starts them in order and stops them in reverse."""

import contextlib
import logging
import signal
import sys
import threading
import time
from collections.abc import Callable

from firmware_app.config.keys import Config
from firmware_app.config.places import Places
from firmware_app.config.read import FILE_NAME, check_params
from firmware_app.control.compare import Comparer
from firmware_app.control.control import Control
from firmware_app.control.heat import LOOK_S, HeatWatch
from firmware_app.control.history import History
from firmware_app.control.morph import Morpher
from firmware_app.control.performer import Performer
from firmware_app.control.recording import Recording
from firmware_app.kept.library import library_in
from firmware_app.kept.pairings import Pairings
from firmware_app.kept.param_table import PARAMS
from firmware_app.kept.saver import leave_trouble
from firmware_app.kept.scenes import Scenes
from firmware_app.kept.start_from import live_values, mutes_of
from firmware_app.kept.store import Store
from firmware_app.kept.takes import TakeSettingsStore
from firmware_app.link.control_end import ControlLink
from firmware_app.link.wire import Down, InfoFrame, MeterFrame
from firmware_app.network.box import SWITCHED_OFF
from firmware_app.page import address, announce
from firmware_app.page.box import real_box
from firmware_app.page.certificate import CertificateError
from firmware_app.page.own_tls import OwnTls
from firmware_app.panel.bindings import Bindings
from firmware_app.panel.setup import PanelSetup
from firmware_app.running import given_sockets, realtime
from firmware_app.running.locks import AlreadyRunning, state_locked
from firmware_app.running.notify import Notifier
from firmware_app.running.supervisor import EXIT_USAGE
from firmware_app.said_once import SaidOnce
from firmware_app.setup import pair_requests
from firmware_app.setup.backup import apply_staged
from firmware_app.setup.backup_reading import start_reader
from firmware_app.setup.box import BoxSetup
from firmware_app.setup.lost_everything import HeldAtStart
from firmware_app.setup.take_work import TakeWork
from firmware_app.system import power
from firmware_app.system.versions import box_version
from firmware_app.takes.wire import SOCKET as RECORDER
from firmware_app.update.layout import find as find_layout
from firmware_app.update.updates import Updates
from hw.audio import devices
from hw.network.manager import NetworkManagerNetwork
from hw.network.network import HOTSPOT_ADDRESS
from hw.panel.panel import Panel
from web_ui.app import create_app
from web_ui.ports.box import Box
from web_ui.serving.captive_server import CaptiveServer
from web_ui.serving.server import PageAddressError, PageServer
from web_ui.visitors.captive import CaptivePage, Visitors
from web_ui.visitors.security import box_names

log = logging.getLogger(__name__)

LOOK_FOR_INTERFACE_S = 0.5
SOUND_FIRST_S = 30.0  # the address comes after what the start says of the sound, if that does not take longer
BUSY_LOAD = 0.8  # of the deadline
CLOSE_S = 1.1  # after stop(): by then all is saved, or run() says that it is not
LEAST_CLOSE_S = 0.3
SWITCH_INTERVAL_S = 0.0005  # between threads: a press must not wait while a page is rendered


class ControlProcess:
    """Owns everything that may be slow, and its threads: link, panel, page, saver. run() is the main thread."""

    def __init__(self, config: Config, places: Places) -> None:
        """Raises ConfigError for a panel that sets an unknown parameter."""
        check_params(config, PARAMS)
        self._config = config
        self._places = places
        self._stopping = threading.Event()
        self._stopped_s = time.monotonic()
        self._said = SaidOnce(log)
        self._pairings = Pairings(places.state)  # first: it looks whether anything was kept here before
        restored = apply_staged(places.state, start_reader(config, places.factory_presets))
        live = live_values(places.sound, PARAMS)
        # A restored backup replaces the live settings, except that what is muted stays muted.
        self.control = Control(PARAMS, Store(places.state, PARAMS), mutes_of(live) if restored else live)
        self.control.on_trouble = lambda words: leave_trouble(places.runtime, words)
        leave_trouble(places.runtime, self.control.save_problem)
        self._history = History()
        self._setup = self._panel_setup()
        self._box = BoxSetup(config, places, self.control, box_version(), self._pairings)
        self._box.stop = self.stop
        self._own_tls: OwnTls | None = None
        self._updates = Updates(find_layout(), places.state, config.update.source, config.update.look)
        self._updates.changed = self._box.changed
        self._noted_code = ""
        self._announce: Callable[[], None] = lambda: None  # the page's address, once
        self._leave_address: Callable[[], None] = lambda: None  # again, when the first code has changed
        self._setup.bindings.performer.own_wifi = self._box.network.toggle_own
        self._setup.bindings.performer.pair = self._box.presence.hold
        self._link = ControlLink(
            places.sound / "link.sock", PARAMS, self.control.values,
            self._on_meter, self._on_info, self._on_down, self._box.take_inputs, self.control.take_health,
        )  # fmt: skip
        self.control.connect(self._link.send_param)
        self._box.connect(self._link)
        performer = self._setup.bindings.performer
        takes = TakeSettingsStore(places.state)
        for note in takes.notes:
            log.warning("%s", note)
        self.recording = Recording(places.runtime / RECORDER, self.control, takes, lambda: performer.preset)
        performer.take = self.recording.act
        self._take_work = TakeWork(places.takes, places.state, lambda: self._box.config, self._sound_is_busy)
        self.recording.removal = power.release_stick

    def run(self) -> int:
        """Run until SIGTERM or stop(). Returns the exit code: 1 when something could not be saved at the end."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stop())
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        for note in (self.control.started_muted, *self.control.notes, *self._box.notes, *self._take_work.notes):
            if note:
                log.warning("%s", note)
        lost: list[str] = []
        with contextlib.ExitStack() as stack:
            stack.callback(lambda: lost.extend(self._close()))
            self._link.start()
            stack.callback(self._link.stop)
            self._bindings.start()
            stack.callback(self._bindings.close)
            morpher = Morpher(self.control, self._bindings.performer.scenes)
            morpher.start()
            stack.callback(morpher.stop)
            stack.callback(self._box.model_work.stop)
            self.recording.start()
            stack.callback(self.recording.stop)
            self._take_work.start()
            stack.callback(self._take_work.stop)
            try:
                comparer = self._comparer()
                stack.callback(comparer.end)
                server = self._serve_page(self._page_box(comparer), stack)
            except (CertificateError, PageAddressError) as error:
                print(f"hushbox: {error}", file=sys.stderr)
                return EXIT_USAGE
            stack.callback(server.stop)
            stack.callback(self.control.hurry)  # save now, while the others end
            stack.callback(self._pairings.close)
            self._watch()
            self._stopped_s = time.monotonic()
        return 1 if lost else 0

    def _close(self) -> tuple[str, ...]:
        """Save everything within the rest of CLOSE_S. Last of all. Returns what could not be saved."""
        return self.control.close(max(LEAST_CLOSE_S, CLOSE_S - (time.monotonic() - self._stopped_s)))

    def stop(self) -> None:
        """End run(). Any thread."""
        self._stopping.set()

    @property
    def panel(self) -> Panel:
        return self._bindings.panel

    @property
    def _bindings(self) -> Bindings:
        return self._setup.bindings

    def _panel_setup(self) -> PanelSetup:
        """Raises ConfigError, PresetError."""
        scenes = Scenes(self._places.state, PARAMS)
        presets = library_in(self._places.factory_presets, self._places.state, PARAMS)
        performer = Performer(self.control, presets, scenes)
        source = str(self._config.source or FILE_NAME)
        setup = PanelSetup(self._config.panel, self.control, performer, self._places.state, source)
        for note in (*scenes.notes, *presets.notes, *setup.notes):
            log.warning("%s", note)
        return setup

    def _comparer(self) -> Comparer:
        return Comparer(self.control, self._places.sound / "listen")

    def _page_box(self, comparer: Comparer) -> Box:
        """The box as the page sees it."""
        return real_box(
            self._box,
            self._setup,
            self._places.sound / "listen",
            comparer,
            self._updates,
            self.recording,
            self._take_work,
            history=self._history,
            leave_safe=lambda: self._link.send_command(Down.LEAVE_SAFE),
        )

    def _serve_page(self, box: Box, stack: contextlib.ExitStack) -> PageServer:
        """Serve the page, and see to the networks from then on. stack: ends the latter. Raises PageAddressError."""
        page = self._config.page
        own = self._own_tls = OwnTls(self._places, self._page_names) if page.tls == "on" else None
        visitors = Visitors()
        app = create_app(box, allowed_hosts=page.allowed_hosts, tls=own is not None, visitors=visitors)
        server = PageServer(app, page.host, page.port, tls=own.context if own else None)
        bound = server.start()
        self._leave_address = lambda: self._note_address(bound)
        self._leave_address()
        fingerprint = own.fingerprint if own else ""
        self._announce = lambda: announce.page(page.host, bound, self._pairings.first_code, fingerprint)
        if not sys.stdout.isatty():
            self._announce_once()
        self._see_to_networks(bound, stack)
        sockets = given_sockets.taken()
        if sockets and page.host in address.ANY:
            captive = CaptiveServer(
                CaptivePage(f"http://{HOTSPOT_ADDRESS}:{bound}/", HOTSPOT_ADDRESS, visitors), sockets
            )
            captive.start()
            stack.callback(captive.stop)
        return server

    def _page_names(self) -> set[str]:
        return box_names(self._box.name) | box_names(self._box.network.host) | set(self._config.page.allowed_hosts)

    def _see_to_networks(self, port: int, stack: contextlib.ExitStack) -> None:
        network = self._box.network
        if not self._config.network.manage:
            network.why_not = SWITCHED_OFF
        elif power.runs_as_a_box():
            network.on_addresses = lambda: self._leave_address()
            network.start(NetworkManagerNetwork(), port)
            stack.callback(network.stop)

    def _note_address(self, port: int) -> None:
        places, pairings, self._noted_code = self._places, self._pairings, self._pairings.first_code
        host, fingerprint = self._config.page.host, self._own_tls.fingerprint if self._own_tls else ""
        address.leave(places.runtime, places.state, host, port, self._noted_code, pairings.local_session, fingerprint)

    def _announce_once(self) -> None:
        announce_now, self._announce = self._announce, lambda: None
        announce_now()

    def _on_meter(self, meter: MeterFrame) -> None:
        if meter.model_off:
            self._said.warn("a model fails or is late again and again: the sound goes round it")
        self.control.take_meter(meter)
        self._history.add(meter)
        self._bindings.take_meter(meter)
        self._box.take_meter(meter)

    def _on_info(self, info: InfoFrame) -> None:
        self.control.take_info(info)
        self._box.take_info(info)

    def _on_down(self) -> None:
        self.control.audio_down()
        self._box.audio_down()
        self._bindings.light()

    def _sound_is_busy(self) -> bool:
        """Whether it leaves something out, or soon will: what can wait, waits then."""
        meter = self.control.latest.meter
        return self.control.health.shed > 0 or (meter is not None and meter.load_mean > BUSY_LOAD)

    def _watch(self) -> None:
        """Until stop(): tell systemd that all is well, and look for an interface while the demo plays without one."""
        notifier = Notifier()
        notifier.send(b"READY=1")
        announce_at_s = time.monotonic() + SOUND_FIRST_S
        look_at_s = heat_at_s = time.monotonic() + LOOK_FOR_INTERFACE_S
        held = HeldAtStart(lambda: self.panel.closed, self._box.lost_everything.forget)
        heat = HeatWatch(lambda least: self._link.send_command(Down.SHED, least))
        while not self._stopping.wait(0.5):
            notifier.send(b"WATCHDOG=1")
            if self.control.latest.meter is not None or time.monotonic() >= announce_at_s:
                self._announce_once()
            self._setup.tick()
            self._updates.tick()
            held.tick()
            self._watch_pairings()
            self._box.audio.tick()
            self._look_after_certificate()
            if time.monotonic() >= look_at_s:
                self._look_for_interface()
                look_at_s = time.monotonic() + LOOK_FOR_INTERFACE_S
            if time.monotonic() >= heat_at_s:
                heat.look()
                heat_at_s = time.monotonic() + LOOK_S

    def _look_after_certificate(self) -> None:
        if self._own_tls is not None and self._own_tls.tick():
            self._leave_address()

    def _watch_pairings(self) -> None:
        pair_requests.answer(self._places.runtime, self._pairings, self._box.lost_everything)
        self._pairings.tick()
        if self._pairings.first_code != self._noted_code:
            self._leave_address()

    def _look_for_interface(self) -> None:
        if self._box.audio.in_force.device == "auto" and self.control.latest.info.demo:
            choice = devices.choose(devices.list_interfaces(usb_only=True))
            if choice.interface is not None:
                log.info("%s: %s", choice.interface.name, choice.reason)
                self._link.send_reopen()


def main(config: Config, places: Places) -> int:
    """Run the control process. Returns its exit code. Raises AppError for a mistake in the configuration."""
    realtime.die_with_supervisor()
    realtime.give_memory_back()
    places.make_runtime()
    try:
        with state_locked(places):
            return ControlProcess(config, places).run()
    except AlreadyRunning as error:
        print(f"hushbox: {error}", file=sys.stderr)
        return EXIT_USAGE
