"""What every SystemPort does, the fake and the real one."""

import io
import json
import zipfile
from dataclasses import asdict

import pytest

from web_ui.ports.box import Box
from web_ui.ports.errors import ControlRefused
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
