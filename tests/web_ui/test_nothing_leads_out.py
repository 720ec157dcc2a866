"""In the code itself: no shell, no archive or pickle of a user's, no file named by a request. Read from the sources.

tests/firmware_app/whole_box/test_odd_words.py asks a whole box, and watches what it opens.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHIPPED = [path for room in ("dsp", "hw", "web_ui", "firmware_app") for path in sorted((ROOT / room).rglob("*.py"))]
TREES = {path: ast.parse(path.read_text()) for path in SHIPPED}

# What reads or writes files, starts programs or runs text as code. Not for modules that see requests.
FILES = {"os", "pathlib", "shutil", "tempfile", "subprocess", "io", "glob", "fileinput", "mmap", "ctypes", "importlib"}
MAY = {
    "web_ui/routes/api.py": {"pathlib"},  # openapi.json beside it
    "web_ui/streams/takes.py": {"io"},  # bytes in memory
}
NO_SHELL = {
    "system",
    "popen",
    "spawnl",
    "spawnv",
    "spawnlp",
    "spawnvp",
    "execl",
    "execv",
    "getoutput",
    "getstatusoutput",
}
RUNS_TEXT = {"eval", "exec", "compile", "__import__"}
UNPACKS = {"pickle", "marshal", "shelve", "dill", "tarfile", "imp", "xml", "yaml"}
# The one module that reads an archive: a version, after its signatures were checked. It lays plain files and folders
# itself and never calls tarfile's extract; tests/firmware_app/update/test_unpack.py proves what it refuses.
MAY_UNPACK = {"firmware_app/update/unpack.py": {"tarfile"}}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0]


def calls(tree: ast.AST) -> Iterator[tuple[ast.Call, str, str]]:
    """Each call, with what it is called on and its name: ("subprocess", "run"), ("", "open")."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Attribute(ast.Name(on), name):
                    yield node, on, name
                case ast.Attribute(_, name):
                    yield node, "…", name
                case ast.Name(name):
                    yield node, "", name


@pytest.mark.parametrize("path", SHIPPED, ids=name_of)
def test_no_program_is_started_through_a_shell(path: Path):
    for call, on, name in calls(TREES[path]):
        assert not (on in ("os", "subprocess", "pty", "commands") and name in NO_SHELL), call.lineno
        assert name not in ("create_subprocess_shell",), call.lineno
        shell = next((keyword.value for keyword in call.keywords if keyword.arg == "shell"), None)
        assert shell is None or (isinstance(shell, ast.Constant) and shell.value is False), call.lineno
        if on == "subprocess" and name in ("run", "Popen", "call", "check_call", "check_output"):
            # A list, or a name for one. A text would be taken as a program's name, or by a shell.
            assert isinstance(call.args[0], ast.List | ast.Name | ast.Attribute | ast.Call), call.lineno


@pytest.mark.parametrize("path", SHIPPED, ids=name_of)
def test_no_text_is_run_and_nothing_is_unpacked(path: Path):
    for call, on, name in calls(TREES[path]):
        assert not (on == "" and name in RUNS_TEXT), call.lineno
        assert name not in ("extractall", "extract", "unpack_archive"), call.lineno
        if name == "ZipFile":  # diagnostics are written; no archive of a user's is read
            modes = [arg.value for arg in call.args[1:] if isinstance(arg, ast.Constant)]
            assert modes == ["w"], call.lineno
    assert UNPACKS & set(imports(TREES[path])) <= MAY_UNPACK.get(name_of(path), set())


def seen_by_requests() -> list[Path]:
    rooms = ("web_ui/routes", "web_ui/streams", "web_ui/visitors")
    return [path for path in SHIPPED if name_of(path).startswith(rooms)]


@pytest.mark.parametrize("path", seen_by_requests(), ids=name_of)
def test_what_reads_requests_knows_no_files(path: Path):
    known = set(imports(TREES[path])) & FILES
    assert known <= MAY.get(name_of(path), set())
    assert not [call.lineno for call, on, name in calls(TREES[path]) if on == "" and name == "open"]


def texts_of(function: ast.FunctionDef) -> set[str]:
    """The arguments that are texts or trees: what a request may have filled."""
    arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    plain = {"int", "float", "bool"}
    return {
        each.arg
        for each in arguments
        if each.arg != "self" and ast.unparse(each.annotation or ast.Name("")) not in plain
    }


def methods() -> Iterator[tuple[str, ast.FunctionDef]]:
    """Every public method of what implements a port."""
    for path in SHIPPED:
        if not name_of(path).startswith("firmware_app/page/"):
            continue
        for kind in ast.walk(TREES[path]):
            if isinstance(kind, ast.ClassDef) and kind.name.startswith("Real"):
                for function in kind.body:
                    if isinstance(function, ast.FunctionDef) and not function.name.startswith("_"):
                        yield f"{kind.name}.{function.name}", function


METHODS = dict(methods())


@pytest.mark.parametrize("name", METHODS)
def test_no_port_makes_a_path_of_what_it_is_given(name: str):
    function = METHODS[name]
    given = texts_of(function)
    for node in ast.walk(function):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            used = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
            assert not used & given, node.lineno
    for call, on, what in calls(function):
        if what in ("open", "Path", "joinpath", "with_name", "read_bytes", "read_text", "unlink") or on in (
            "os",
            "shutil",
        ):
            used = {each.id for each in ast.walk(call) if isinstance(each, ast.Name)}
            assert not used & given, call.lineno


def test_the_ports_that_are_looked_at_are_all():
    ports = {path.stem for path in (ROOT / "web_ui/ports").glob("*.py")} - {"__init__", "box", "errors", "limits"}
    looked_at = {name.partition(".")[0].removeprefix("Real").lower() for name in METHODS}
    assert {port.replace("_", "") for port in ports} <= looked_at
