"""Files are written into a folder of each test, which is the current one."""

import pytest


@pytest.fixture
def logitron(tmp_path, capsys, monkeypatch):
    """Commands, called in this process in an empty folder."""
    pytest.importorskip("cyclopts", reason="the command line is an extra, logitron[cli]")
    pytest.importorskip("safetensors", reason="model files need safetensors")
    from tests.cli.files import Commands

    monkeypatch.chdir(tmp_path)
    return Commands(capsys)
