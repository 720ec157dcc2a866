"""`hushbox`: the commands. Each lives in its own file of `commands/` and is imported only when it is asked for."""

import argparse
import difflib
import importlib
import io
import os
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from firmware_app.errors import AppError, UsageError

OK, FAILED, WRONG_USE, INTERRUPTED = 0, 1, 2, 130
_PIPE_CLOSED = 141  # what a shell shows for SIGPIPE


@dataclass(frozen=True, slots=True)
class Command:
    """A command: which module of `commands/` has it, and its line in `hushbox --help`."""

    module: str
    help: str


COMMANDS = {
    "run": Command("run", "run the box: interface in, denoiser, interface out, with the page and the panel"),
    "process": Command("process", "denoise a WAV or FLAC file with the very chain of the box"),
    "stems": Command("stems", "take a song apart into vocals, drums, bass and the rest"),
    "devices": Command("devices", "list the audio interfaces and say which one the box would take"),
    "bench": Command("bench", "measure what a block costs on this machine, and how much time is left"),
    "doctor": Command("doctor", "check the set-up and say how to mend what is wrong"),
    "models": Command("models", "list the model bundles"),
    "presets": Command("presets", "list the factory presets"),
    "pin": Command("pin", "say whether a PIN guards the page, or take a forgotten one away"),
}
PROCESSES = {  # what `hushbox run` and the systemd units start; not for people, so not in the help
    "audio": Command("audio", "the audio process alone"),
    "control": Command("control", "the control process alone"),
}


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} (see {self.prog} --help)")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit code: 0 fine, 1 a finding or a failure, 2 wrong use, 130 after Ctrl-C."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")  # names of files need not be text, nor fit the terminal
    try:
        code = _run(arguments)
        sys.stdout.flush()
        return code
    except SystemExit as end:  # --help and --version, SIGTERM
        return end.code if isinstance(end.code, int) else OK
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader went away (`hushbox models | head -1`); nothing may be flushed into the pipe at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return _PIPE_CLOSED
    except Exception as error:
        return _complain(error)


def _run(arguments: list[str]) -> int:
    name = next((a for a in arguments if not a.startswith("-")), "")
    command = {**COMMANDS, **PROCESSES}.get(name)
    if name and command is None:
        near = difflib.get_close_matches(name, COMMANDS, n=1, cutoff=0.0)[0]
        raise UsageError(f"no command {name!r}; did you mean {near}?")
    parser = _Parser(
        prog="hushbox", description="A box that takes the noise from a microphone, live.", allow_abbrev=False
    )
    parser.add_argument("--version", action="store_true", help="print the version and end")
    commands = parser.add_subparsers(metavar="COMMAND", parser_class=_Parser, title="commands")
    for each, entry in COMMANDS.items():
        if each != name:
            commands.add_parser(each, help=entry.help)
    if command is not None:
        module = importlib.import_module(f"firmware_app.commands.{command.module}")
        chosen = commands.add_parser(name, help=command.help, description=module.__doc__, allow_abbrev=False)
        chosen.formatter_class = argparse.RawDescriptionHelpFormatter
        module.add_arguments(chosen)
        chosen.set_defaults(run=module.run)
    args = parser.parse_args(arguments)
    if args.version:
        from firmware_app.system.versions import box_version

        print(f"hushbox {box_version()}")
        return OK
    if command is None:
        parser.print_help()
        return WRONG_USE
    code: int = args.run(args)
    return code


def _complain(error: Exception) -> int:
    """One clear line on standard error for each thing that is wrong; a traceback only with HUSHBOX_DEBUG=1."""
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
