"""What every SystemPort does, the fake and the real one."""

import io
import json
import zipfile
from dataclasses import asdict

import pytest

from web_ui.ports.box import Box
from web_ui.ports.errors import ControlRefused, NotThere
from web_ui.ports.system import SystemPort
from web_ui.views import dumps


@pytest.fixture
def port(box: Box) -> SystemPort:
    return box.system


def test_the_machine_is_described(port: SystemPort):
    system = port.view()
    assert system.versions["Hushbox"]
    assert system.versions["Python"]
    assert system.uptime_s >= 0
    assert len(port.log_lines(5)) <= 5


def test_the_diagnostics_are_a_zip(port: SystemPort):
    with zipfile.ZipFile(io.BytesIO(port.diagnostics())) as pack:
        assert pack.testzip() is None
        assert "hushbox-diagnostics/log.txt" in pack.namelist()


def test_a_backup_is_one_file_and_rubbish_is_none(port: SystemPort):
    assert json.loads(port.backup())["hushbox_backup"] == 1
    for rubbish in (b"", b"{}", b"\xff\xfe", b"[]", b'{"hushbox_backup": 99, "files": {}}'):
        with pytest.raises(ControlRefused):
            port.restore_backup(rubbish)


def test_every_view_can_be_sent_as_json(port: SystemPort):
    assert dumps(asdict(port.view()))


def test_it_has_a_version(port: SystemPort):
    assert port.version
    assert port.view().versions["Hushbox"] == port.version


def test_a_backup_is_looked_into_before_it_is_restored(port: SystemPort):
    found = port.look_into_backup(port.backup())
    assert found.replaces == ()
    changed = json.loads(port.backup())
    changed["files"]["scenes.json"] = {"schema": 1, "scenes": {"A": {}}}
    [replaced] = port.look_into_backup(json.dumps(changed).encode()).replaces
    assert replaced.what == "scenes"
    with pytest.raises(ControlRefused, match="not a Hushbox backup"):
        port.look_into_backup(b"{}")


def test_without_a_restore_there_is_nothing_to_take_back(port: SystemPort):
    assert port.view().restored == ""
    with pytest.raises(ControlRefused):
        port.undo_restore()
    port.keep_restore()  # at any time
    assert port.view().restored == ""


def test_it_says_where_its_page_is(port: SystemPort):
    network = port.network(8080)
    assert all(url.startswith("http://") and url.endswith(":8080/") for url in network.urls)
    assert all(len(row) == len(network.qr[0]) for row in network.qr)


def test_what_ships_has_a_licence(port: SystemPort):
    about = port.about()
    assert about.licence == "Apache-2.0"
    assert "numpy" in {each.name for each in about.packages}
    assert all(each.version and each.licence for each in about.packages)


def test_the_docs_are_read_by_name(port: SystemPort):
    assert port.about().docs
    assert port.docs_page("").startswith("# Hushbox")
    assert port.docs_page("page").startswith("# The page")
    assert port.docs_picture("page.png").startswith(b"\x89PNG")
    for name in ("no-such", "../README", "page.md", "."):
        with pytest.raises(NotThere, match="docs"):
            port.docs_page(name)
        with pytest.raises(NotThere, match="docs"):
            port.docs_picture(name)
