import os
import re
import shutil
import socket
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from dsp.inference.bundle import (
    LARGEST_TOML_BYTES,
    LARGEST_WEIGHTS_BYTES,
    Bundle,
    BundleError,
    BundleHashError,
    kind_of,
    list_bundles,
)
from dsp.layouts.catalogue import CATALOGUE
from dsp.layouts.declared import BorrowedNetwork, BundleLayout, Catalogue


def spoil(folder: Path, pattern: str, replacement: str | Callable[[re.Match[str]], str]) -> None:
    path = folder / "bundle.toml"
    text, changed = re.subn(pattern, replacement, path.read_text(), count=1, flags=re.MULTILINE)
    assert changed
    path.write_text(text)


def mistakes(folder: Path) -> list[str]:
    with pytest.raises(BundleError) as caught:
        Bundle.load(folder)
    assert not isinstance(caught.value, BundleHashError)
    return str(caught.value).splitlines()


def test_a_whole_bundle_loads(tiny_folder: Path) -> None:
    bundle = Bundle.load(tiny_folder)
    assert (bundle.name, bundle.hop_frames, bundle.state_size) == ("tiny", 128, 16)
    assert bundle.files["onnx"].state_out == "state_next"
    assert bundle.trained_on[0].licence == "CC0-1.0"
    assert len(bundle.weights("onnx")) == bundle.files["onnx"].path.stat().st_size


@pytest.mark.parametrize(
    ("pattern", "replacement", "message"),
    [
        (r"^schema = 1", "schema = 2", "schema = 2: allowed 1"),
        (r"^hop_frames = 128\n", "", "hop_frames is missing: a whole number of 1 or more is needed"),
        (r"^hop_frames = 128", "hop_frames = 96", "hop_frames = 96: allowed 128"),
        (r"^hop_frames = 128", 'hop_frames = "many"', "hop_frames = 'many': a whole number of 1 or more is allowed"),
        (r"^parameters = \d+", "parameters = true", "parameters = True: a whole number of 1 or more is allowed"),
        (r"^state_size = 16", "state_size = 0", "state_size = 0: a whole number of 1 or more is allowed"),
        (r"^input_size = 450", "input_size = 451", "input_size = 451: allowed 450"),
        (r"^output_size = 1000", "output_size = 9", "output_size = 9: allowed 1000"),
        (
            r"^features = .*",
            'features = "denoise-v9"',
            "features = 'denoise-v9': allowed denoise-v2, denoise-studio-v1, stems-v1",
        ),
        (r"^kind = .*", 'kind = "reverb"', "kind = 'reverb': allowed denoise, stems"),
        (r"^kind = .*", 'kind = "stems"', "kind = 'stems': allowed denoise"),
        (r"^kind = .*", "kind = [1]", "kind = [1]: a text is allowed"),
        (r"^features = .*", "features = {}", "features = {}: a text is allowed"),
        (r"^features = .*", 'features = "stems-v1"', "input_size = 450: allowed 624"),
        (r"^rate_hz = .*", "rate_hz = 44100", "rate_hz = 44100: allowed 48000"),
        (r"^lookahead_frames = 0", "lookahead_frames = 128", "algorithmic_latency_frames = 256: allowed 384"),
        (r"^synthesis_frames = .*", "synthesis_frames = 384", "synthesis_frames = 384: allowed 256"),
        (r"^window_frames = .*", "window_frames = 512", "window_frames = 512: allowed 768"),
        (r"^default_runtime = .*", 'default_runtime = "torch"', "default_runtime = 'torch': allowed tflite, onnx"),
        (r"^licence = .*", "licence = 2", "licence = 2: a text is allowed"),
        (r"^sumary|^summary = ", "sumary = ", "sumary is no known key; did you mean summary?"),
        (r"^trained_on = .*", "trained_on = 3", "trained_on = 3: a list of {name, licence, what} is needed"),
        (r'licence = "CC0-1.0", ', "", "trained_on[0].licence is missing: a text is needed"),
        (r"^\[files.onnx\]", "[files.torch]", "files.torch is no known key"),
        (r'^path = "tiny.onnx"', 'path = "../tiny.onnx"', "files.onnx.path = '../tiny.onnx'"),
        (r'^sha256 = ".{64}"', 'sha256 = "abc"', "sha256 = 'abc': 64 lower-case hex digits are allowed"),
        (r"^state_in = .*\n", "", "files.tflite.state_in is missing: a text is needed"),
    ],
)
def test_a_mistake_is_told_by_file_key_value_and_what_is_allowed(
    tiny_folder: Path, pattern: str, replacement: str, message: str
) -> None:
    spoil(tiny_folder, pattern, replacement)
    told = mistakes(tiny_folder)
    assert any(f"{tiny_folder / 'bundle.toml'}: " in line and message in line for line in told), told


def test_every_mistake_is_told_at_once(tiny_folder: Path) -> None:
    spoil(tiny_folder, r"^name = .*\n", "")
    spoil(tiny_folder, r"^channels = 1", "channels = -1")
    spoil(tiny_folder, r"^output = .*", "output = 7")
    spoil(tiny_folder, r"^rate_hz = .*", "rate_hz = 44100")
    told = "\n".join(mistakes(tiny_folder))
    assert "name is missing" in told
    assert "channels = -1" in told
    assert "files.tflite.output = 7" in told
    assert "rate_hz = 44100: allowed 48000" in told
    assert len(told.splitlines()) == 4


def test_damaged_weights_are_refused_with_both_hashes(tiny_folder: Path) -> None:
    expected = Bundle.load(tiny_folder).files["onnx"].sha256
    path = tiny_folder / "tiny.onnx"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(BundleHashError, match=rf"tiny\.onnx: sha256 expected {expected}, found [0-9a-f]{{64}}"):
        Bundle.load(tiny_folder)


def test_missing_files_are_told(tiny_folder: Path, tmp_path: Path) -> None:
    (tiny_folder / "tiny.tflite").unlink()
    assert "tiny.tflite: cannot be read: No such file" in mistakes(tiny_folder)[0]
    assert "bundle.toml: cannot be read: No such file" in mistakes(tmp_path / "nowhere")[0]


def test_what_is_not_toml_is_told(tiny_folder: Path) -> None:
    (tiny_folder / "bundle.toml").write_bytes(b"\xff = [")
    assert "is not TOML" in mistakes(tiny_folder)[0]


def test_a_runtime_without_weights_is_told(tiny_folder: Path) -> None:
    path = tiny_folder / "bundle.toml"
    path.write_text(path.read_text().split("[files.onnx]")[0])
    bundle = Bundle.load(tiny_folder)
    with pytest.raises(BundleError, match="no weights for runtime 'onnx'; allowed tflite"):
        bundle.weights("onnx")


def test_listing_names_folders_with_a_bundle_toml(tiny_folder: Path) -> None:
    (tiny_folder.parent / "empty").mkdir()
    assert list_bundles(tiny_folder.parent) == [tiny_folder]
    assert list_bundles(tiny_folder.parent / "nowhere") == []


# --- files that are not what they should be ---

SIX_GB = 6_000_000_000


def odd_weights(path: Path, kind: str) -> None:
    """Replace the file at `path` by something else."""
    data = path.read_bytes()
    path.unlink()
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "socket":
            with socket.socket(socket.AF_UNIX) as server:
                server.bind(str(path))
        case "folder":
            path.mkdir()
        case "device":
            path.symlink_to("/dev/zero")
        case "6 GB":
            with open(path, "wb") as file:
                file.truncate(SIX_GB)
        case "link out":
            away = path.parent.parent / "away.onnx"
            away.write_bytes(data)  # the right bytes, so that only its place is wrong
            path.symlink_to(away)
        case "loop":
            path.symlink_to(path.name)
        case "nowhere":
            path.symlink_to("nowhere")


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("pipe", "is a named pipe, not a file"),
        ("socket", "is a socket, not a file"),
        ("folder", "is a folder, not a file"),
        ("device", "is a device, not a file"),
        ("6 GB", f"is {SIX_GB} bytes long; at most {LARGEST_WEIGHTS_BYTES} are read"),
        ("link out", "leads out of its folder"),
        ("loop", "cannot be read: Too many levels of symbolic links"),
        ("nowhere", "cannot be read: No such file"),
    ],
)
@pytest.mark.parametrize("name", ["tiny.onnx", "bundle.toml"])
def test_what_is_no_file_of_the_folder_is_told_unread(tiny_folder: Path, kind: str, words: str, name: str) -> None:
    """Nothing of it is read: 6 GB do not fill the memory, and a pipe is not waited for."""
    bundle = Bundle.load(tiny_folder)
    odd_weights(tiny_folder / name, kind)
    words = words.replace(str(LARGEST_WEIGHTS_BYTES), str(LARGEST_TOML_BYTES)) if name == "bundle.toml" else words
    assert f"{tiny_folder / name}: {words}" in mistakes(tiny_folder)[0]
    if name == "tiny.onnx":
        with pytest.raises(BundleError, match=re.escape(words)):
            bundle.weights("onnx")


def test_a_link_that_stays_in_the_folder_is_a_file_of_it(tiny_folder: Path) -> None:
    (tiny_folder / "tiny.onnx").rename(tiny_folder / "v2.onnx")
    (tiny_folder / "tiny.onnx").symlink_to("v2.onnx")
    linked = tiny_folder.parent / "linked"
    linked.symlink_to(tiny_folder)  # and the folder itself may be anywhere
    assert Bundle.load(linked).weights("onnx")


def test_hashing_takes_a_piece_at_a_time(tiny_folder: Path) -> None:
    """64 MB of weights are hashed with a few MB of memory."""
    path = tiny_folder / "tiny.onnx"
    with open(path, "wb") as file:
        file.truncate(64 << 20)
    tracemalloc.start()
    try:
        with pytest.raises(BundleHashError, match=r"tiny\.onnx: sha256 expected"):
            Bundle.load(tiny_folder)
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("path", ["..", ".", "/etc/passwd", "../tiny.onnx", "a/../tiny.onnx"])
def test_a_path_names_a_file_of_the_folder(tiny_folder: Path, path: str) -> None:
    spoil(tiny_folder, r'^path = "tiny.onnx"', f'path = "{path}"')
    assert any(f"files.onnx.path = {path!r}: a file of the same folder" in line for line in mistakes(tiny_folder))


@pytest.mark.parametrize("escape", [r"\u0000", r"\n", r"\u001b[31m", r"\u202e"])
def test_a_text_is_printable(tiny_folder: Path, escape: str) -> None:
    for key in ("path", "name"):
        spoil(tiny_folder, rf'^{key} = "', lambda found: found[0] + escape)
    told = mistakes(tiny_folder)
    assert len([line for line in told if "a text of printable characters is allowed" in line]) == 2, told
    assert all(line.isprintable() for line in told)


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "text",
    [
        "deep = " + "[" * 40_000,
        "deep = " + "[" * 100 + "]" * 100,
        "deep = " + '{"a" = ' * 100 + "1" + "}" * 100,
        "name." + ".".join("a" * 40_000) + " = 1",
        "schema = 0x" + "f" * 20_000,
        "schema = " + "9" * 20_000,
        "x = 1\n" + "".join(f"unknown_{n} = 1\n" for n in range(5_000)),
        "y" * 90_000 + " = 1",
        "name = '''\n" + "long\n" * 10_000 + "'''",
    ],
    ids=["open", "lists", "tables", "dotted", "hex", "digits", "many keys", "long key", "long text"],
)
def test_toml_that_nobody_has_written_by_hand_is_told(tiny_folder: Path, text: str) -> None:
    (tiny_folder / "bundle.toml").write_text(text)
    for line in mistakes(tiny_folder):
        assert line.startswith(f"{tiny_folder / 'bundle.toml'}: ")
        assert len(line) < 400


# --- a kind of model that this box does not know yet ---

DEREVERB = BundleLayout(
    features="dereverb-v1",
    kind="dereverb",
    window_frames=256,
    hop_frames=64,
    synthesis_frames=256,
    input_size=129,
    output_size=129,
    state_size=16,
    rate_hz=16_000,
)
DRY = BorrowedNetwork("dereverb-dry", DEREVERB, 48)
CHANGED = {
    "kind": '"dereverb"',
    "features": '"dereverb-v1"',
    "window_frames": "256",
    "hop_frames": "64",
    "synthesis_frames": "256",
    "input_size": "129",
    "output_size": "129",
    "rate_hz": "16000",
}


@pytest.fixture
def dereverb_folder(tiny_folder: Path) -> Path:
    for key, value in CHANGED.items():
        spoil(tiny_folder, rf"^{key} = .*", f"{key} = {value}")
    return tiny_folder


def test_a_new_kind_of_model_is_only_declared(dereverb_folder: Path) -> None:
    bundle = Bundle.load(dereverb_folder, Catalogue(DEREVERB))
    assert (bundle.kind, bundle.features, bundle.rate_hz) == ("dereverb", "dereverb-v1", 16_000)
    assert (bundle.synthesis_frames, bundle.hop_frames) == (256, 64)  # four hops, not two
    assert any(
        "kind = 'dereverb': allowed denoise, stems, denoise-instant" in line for line in mistakes(dereverb_folder)
    )


@pytest.mark.parametrize("key", [key for key in DEREVERB.values if key not in ("features", "kind")])
def test_everything_that_a_layout_declares_is_held(dereverb_folder: Path, key: str) -> None:
    spoil(dereverb_folder, rf"^{key} = .*", f"{key} = 7")
    with pytest.raises(BundleError, match=f"{key} = 7: allowed {DEREVERB.values[key]}"):
        Bundle.load(dereverb_folder, Catalogue(DEREVERB))


def test_what_a_layout_does_not_declare_may_be_anything(tiny_folder: Path) -> None:
    """A denoiser's state is as large as its network."""
    spoil(tiny_folder, r"^state_size = 16", "state_size = 17")
    assert Bundle.load(tiny_folder).state_size == 17


def test_a_new_kind_may_borrow_a_network(dereverb_folder: Path) -> None:
    dry = dereverb_folder.parent / "dry"
    dry.mkdir()
    (dry / "bundle.toml").write_text(
        'schema = 1\nname = "dry"\nversion = "1"\nkind = "dereverb-dry"\nsummary = "As dry as it gets"\n'
        'network = "tiny"\nalgorithmic_latency_frames = 48\nlicence = "Apache-2.0"\n'
    )
    bundle = Bundle.load(dry, Catalogue(DEREVERB, DRY))
    assert (bundle.kind, bundle.algorithmic_latency_frames, bundle.state_size) == ("dereverb-dry", 48, 16)
    spoil(dereverb_folder, r"^features = .*", 'features = "dereverb-v0"')
    with pytest.raises(BundleError, match=r"network = 'tiny': .*features = 'dereverb-v0': allowed dereverb-v1"):
        Bundle.load(dry, Catalogue(DEREVERB, DRY))


def test_nothing_is_declared_twice() -> None:
    with pytest.raises(ValueError, match="layouts dereverb-v1, dereverb-v1: one of them is declared twice"):
        Catalogue(DEREVERB, DEREVERB)
    for twice in ((DEREVERB, DRY, DRY), (DEREVERB, BorrowedNetwork("dereverb", DEREVERB, 48))):
        with pytest.raises(ValueError, match="one that borrows its network is declared twice"):
            Catalogue(*twice)


def test_the_box_knows_these_kinds() -> None:
    assert CATALOGUE.kinds == ("denoise", "stems", "denoise-instant")


@pytest.mark.parametrize(
    ("lines", "wrong"),
    [
        ('best_for = "singing"\nscores = ["one", "two"]', ""),
        ('best_for = ""', "best_for = "),
        ('scores = "one"', "scores = "),
        ('scores = ["one", 2]', "scores = "),
        ('scores = ["two\\nlines"]', "scores = "),
    ],
)
def test_what_a_bundle_says_to_people_may_be_left_out_but_not_be_wrong(
    tiny_folder: Path, tmp_path: Path, lines: str, wrong: str
) -> None:
    folder = tmp_path / "mine"
    shutil.copytree(tiny_folder, folder)
    path = folder / "bundle.toml"
    path.write_text(path.read_text().replace("schema = 1", f"schema = 1\n{lines}"))
    if wrong:
        with pytest.raises(BundleError, match=wrong):
            Bundle.load(folder)
    else:
        bundle = Bundle.load(folder)
        assert (bundle.best_for, bundle.scores) == ("singing", ("one", "two"))
    assert Bundle.load(tiny_folder).scores == ()


def test_a_quick_look_tells_the_kind_alone(tiny_folder: Path, tmp_path: Path) -> None:
    assert kind_of(tiny_folder) == "denoise"
    (tmp_path / "bundle.toml").write_text("kind = 3")
    assert kind_of(tmp_path) == ""
    with pytest.raises(BundleError, match="cannot be read"):
        kind_of(tmp_path / "gone")
