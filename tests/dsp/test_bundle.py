import re
from pathlib import Path

import pytest

from dsp.bundle import Bundle, BundleError, BundleHashError, list_bundles


def spoil(folder: Path, pattern: str, replacement: str) -> None:
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
