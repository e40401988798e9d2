"""A week in a workshop: no print goes to a wrong job, and few need a person."""

import logging

import pytest

from tests.matching.week import Week
from tests.matching.workshop import Workshop

pytestmark = pytest.mark.django_db
log = logging.getLogger(__name__)


def lived(week: Week, monkeypatch) -> Workshop:
    workshop = Workshop(week, monkeypatch)
    workshop.live()
    log.info("%.1f %% linked without a person: %s", 100 * workshop.share, workshop.by_kind)
    return workshop


# A test is one transaction, in which PostgreSQL keeps every version of every row: after days of reports it crawls.
@pytest.mark.sqlite_only
@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_week_of_2000_jobs_on_20_printers(seed, monkeypatch, caplog):
    caplog.set_level(logging.INFO)

    workshop = lived(Week(seed), monkeypatch)

    assert workshop.wrong == []
    assert workshop.share >= 0.85


def test_a_day_of_150_jobs_on_8_printers(monkeypatch):
    workshop = lived(Week(4, jobs=150, printers=8, days=1), monkeypatch)

    assert workshop.wrong == []
    assert workshop.share >= 0.8
