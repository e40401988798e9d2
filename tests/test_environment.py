"""What cannot run here is skipped, but never silently in CI."""

import pytest

from tests.environment import cannot_run


def test_what_cannot_run_is_skipped(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("CI", raising=False)

    with pytest.raises(pytest.skip.Exception, match="no browser"):
        cannot_run("there is no browser")


def test_in_ci_what_cannot_run_fails(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CI", "true")

    with pytest.raises(pytest.fail.Exception, match="no browser"):
        cannot_run("there is no browser")
