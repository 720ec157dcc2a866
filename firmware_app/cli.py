"""`hushbox`: the command line. Each command is a file of `commands/`, and is imported only when it is used."""

import argparse
import importlib
import io
import os
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from dsp.nearest import did_you_mean
from firmware_app.errors import AppError, UsageError

OK, FAILED, WRONG_USE, INTERRUPTED = 0, 1, 2, 130
_PIPE_CLOSED = 141  # what a shell shows for SIGPIPE


@dataclass(frozen=True, slots=True)
class Command:
    """A command: its module in `commands/`, and its line in `hushbox --help`."""

    module: str
    help: str


DESCRIPTION = """\
Hushbox removes the noise from a microphone, live, and separates music into
stems. "hushbox run" is the box; the other commands work on files or look
after the box."""
EPILOG = """\
examples:
    hushbox run                           start; prints the address of its page
    hushbox process take.wav clean.wav    remove the noise from a recording
    hushbox stems song.wav stems/         separate a song
    hushbox doctor                        when something does not work

"hushbox COMMAND --help" explains a command. Every command returns 0 when all
is well, 1 when it found or met a problem, 2 when it was used wrongly."""

COMMANDS = {
    "run": Command("run", "run the box: live sound, the page and the front panel"),
    "url": Command("url", "print the address of the page, with a QR code"),
    "process": Command("process", "remove the noise from a WAV or FLAC file"),
    "stems": Command("stems", "separate a song into vocals, drums, bass and other"),
    "record": Command("record", "record a take on the running box, or keep what was just played"),
    "takes": Command("takes", "list the takes, show one, or pack one for others"),
    "devices": Command("devices", "list the audio interfaces, and which one the box would use"),
    "bench": Command("bench", "measure how fast this machine is, and how much time is left"),
    "doctor": Command("doctor", "check the set-up, and say how to fix what is wrong"),
    "status": Command("status", "say what the running box does"),
    "network": Command("network", "say how the box is connected; join a Wi-Fi, open its own"),
    "models": Command("models", "list the models, or show one"),
    "presets": Command("presets", "list the presets, or show one"),
    "pedals": Command("pedals", "list keyboards, and let the box read one as a pedal"),
    "licences": Command("licences", "print the licences of everything in the box"),
    "pair": Command("pair", "make a link that pairs one more phone, or forget all phones"),
    "pin": Command("pin", "say whether a PIN lets phones in, or remove a forgotten one"),
    "update": Command("update", "look for a newer version, install it, or go back to the one before"),
}
PROCESSES = {  # what `hushbox run` and the systemd units start; not for people, so not in the help
    "audio": Command("audio", "the audio process alone"),
    "control": Command("control", "the control process alone"),
    "recorder": Command("recorder", "the recorder process alone"),
}
HELPERS = {  # what the page, units and `hushbox run` start
    "model_work": Command("model_work", "measure a model, or try two, for the page"),
    "take_work": Command("take_work", "work on a take, for the page"),
    "update_work": Command("update_work", "install an update, or settle one that was cut off"),
}


class _Parser(argparse.ArgumentParser):
    """Says in one line what is wrong, and which help to read."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} (see {self.prog} --help)")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit code: 0 fine, 1 a finding or a failure, 2 wrong use, 130 after Ctrl-C."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(
                errors="backslashreplace"
            )  # a file name may hold bytes that are no text, or that the terminal cannot show
    try:
        code = _run(arguments)
        sys.stdout.flush()
        return code
    except SystemExit as end:  # --help and --version, SIGTERM
        return end.code if isinstance(end.code, int) else OK
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader is gone (`hushbox models | head -1`): at exit nothing may be flushed into the pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return _PIPE_CLOSED
    except Exception as error:
        return _complain(error)


def _run(arguments: list[str]) -> int:
    name = next((a for a in arguments if not a.startswith("-")), "")
    command = {**COMMANDS, **PROCESSES, **HELPERS}.get(name)
    if name and command is None:
        raise UsageError(f"no command {name!r}{did_you_mean(name, COMMANDS) or ' (see hushbox --help)'}")
    parser = parser_for(name if command else "")
    args, unknown = parser.parse_known_args(arguments)
    if unknown:
        chosen = args.parser if command else parser
        chosen.error(f"unrecognized arguments: {' '.join(unknown)}")
    if args.version:
        from firmware_app.system.versions import box_version

        print(f"hushbox {box_version()}")
        return OK
    if command is None:
        parser.print_help()
        return WRONG_USE
    code: int = args.run(args)
    return code


def parser_for(name: str) -> argparse.ArgumentParser:
    """The parser of `hushbox`, with the options of this command only. name: empty for none."""
    parser = _Parser(
        prog="hushbox",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="store_true", help="print the version and exit")
    commands = parser.add_subparsers(metavar="COMMAND", parser_class=_Parser, title="commands")
    for each, entry in COMMANDS.items():
        if each != name:
            commands.add_parser(each, help=entry.help)
    if name:
        command = {**COMMANDS, **PROCESSES, **HELPERS}[name]
        module = importlib.import_module(f"firmware_app.commands.{command.module}")
        chosen = commands.add_parser(
            name,
            help=command.help,
            description=module.__doc__,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        module.add_arguments(chosen)
        chosen.set_defaults(run=module.run, parser=chosen)
    return parser


def _complain(error: Exception) -> int:
    """One line on standard error for each thing that is wrong. A traceback only with HUSHBOX_DEBUG=1."""
    if os.environ.get("HUSHBOX_DEBUG") == "1":
        traceback.print_exception(error)
    if isinstance(error, AppError) or type(error).__module__.partition(".")[0] in ("dsp", "hw", "web_ui"):
        message = str(error)
    elif isinstance(error, OSError):
        message = f"{error.filename}: {error.strerror}" if error.filename else str(error)
    else:
        message = f"a mistake in Hushbox itself: {type(error).__name__}: {error} (HUSHBOX_DEBUG=1 shows where)"
    for line in message.splitlines() or [type(error).__name__]:
        print(f"hushbox: {line}", file=sys.stderr)
    return WRONG_USE if isinstance(error, UsageError) else FAILED


if __name__ == "__main__":
    sys.exit(main())
