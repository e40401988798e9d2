"""One printer with its client, and a print on it."""

import pytest

from tests.factories import Client, make_job, make_printer
from tests.reports.stalls.story import says


@pytest.fixture
def client(db):
    return Client(make_printer())


@pytest.fixture
def job(client):
    """A job whose print has begun well."""
    job = make_job(print_file_name="ring.gcode")
    says(client, 0.2, file_name="ring.gcode", progress=44.0)
    job.refresh_from_db()
    assert job.current_run is not None
    return job
