"""Staff in front of the pages."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from printqueue.models import Printer, PrintQueue, Who
from tests.factories import Client as PrinterClient
from tests.factories import make_job, make_printer, make_staff

LIST = "/admin/print-queue/"


@pytest.fixture
def staff(db: None) -> User:
    return make_staff(first_name="Mara", last_name="Keller")


@pytest.fixture
def browser(staff: User) -> Client:
    """A browser where `staff` is logged in."""
    client = Client()
    client.force_login(staff, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def htmx(staff: User) -> Client:
    """The same, asking as htmx does."""
    client = Client(headers={"HX-Request": "true", "HX-Current-URL": f"http://testserver{LIST}"})
    client.force_login(staff, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def printer(db: None) -> Printer:
    return make_printer("left", name="Left P1S")


@pytest.fixture
def beside(printer: Printer) -> PrinterClient:
    """The printer client; it started to report half a minute ago."""
    return PrinterClient(printer, now=timezone.now() - timedelta(seconds=30))


def ready_job(**fields: Any) -> PrintQueue:
    """Return a job that waits."""
    return make_job(now=timezone.now(), **fields)


def started_job(**fields: Any) -> PrintQueue:
    """Return a job that somebody said is being printed."""
    job = ready_job(**fields)
    job.start(by=Who(), now=timezone.now())
    return job


def ended_job(verb: str = "complete", **fields: Any) -> PrintQueue:
    """Return a job that was printed and then `complete`d, `fail`ed or `cancel`led."""
    job = started_job(**fields)
    getattr(job, verb)(by=Who(), now=timezone.now())
    return job


def lost_job(beside: PrinterClient, **fields: Any) -> PrintQueue:
    """Return a job whose print ended when nobody looked: another one is on its printer now."""
    job = ready_job(print_file_name="lost.gcode", **fields)
    beside.says("printing", run_key="lost", file_name="lost.gcode", progress=80.3)
    beside.says("printing", run_key="next", file_name="other.gcode", progress=1.0)
    job.refresh_from_db()
    return job


def words_in(html: str) -> str:
    """Return what is to be read of a piece of HTML."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def text_of(response: Any) -> str:
    """Return the HTML of an answer."""
    return str(response.content.decode())
