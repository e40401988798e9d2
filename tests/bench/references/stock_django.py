"""What a report costs on stock Django: the same rows read, locked and written as by ours, through the ORM.

The tables are ours, with their indexes and constraints, and so are SQLite's settings. Everything else is what
`django-admin startproject` and the documentation of django-eventstream give: the middleware, a view, one transaction,
`send_event`. It leaves out most of what ours decides on the way, to its own advantage.

`daphne tests.bench.references.stock_django:application`
"""

import hmac
import json
import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import URLPattern, URLResolver, include, path

from printfactory.database import database

settings.configure(
    SECRET_KEY="of a server that is measured and thrown away",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=[
        "daphne",
        "django_eventstream",
        "printqueue",  # for its tables
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
    ],
    # Those of `django-admin startproject`, but for the CSRF token, which a program does not have.
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
    DATABASES={"default": database(os.environ["DATABASE_URL"], Path(os.environ["DATA_DIR"]))},
    USE_TZ=True,
)
django.setup()

from django.db import models, transaction  # noqa: E402  (needs the settings)
from django.utils import timezone  # noqa: E402
from django.utils.dateparse import parse_datetime  # noqa: E402
from django_eventstream import send_event  # noqa: E402

from printqueue.models import Printer, PrinterKey, PrintQueue, PrintRun, RevisionCounter, Sample  # noqa: E402
from printqueue.models.key import hash_secret  # noqa: E402


def post_reports(request: HttpRequest) -> JsonResponse:
    """Store what printers say."""
    now = timezone.now()
    key = key_of(request, now)
    if key is None:
        return JsonResponse({"success": False}, status=401)
    body = json.loads(request.body)
    results = [store(report, key, body["client"], now) for report in body["reports"]]
    return JsonResponse({"success": True, "receivedAt": now, "results": results})


def key_of(request: HttpRequest, now: datetime) -> PrinterKey | None:
    """Return the key that the request shows, if it is good, and note its use once a minute."""
    prefix, _, secret = request.headers.get("Authorization", "").removeprefix("Bearer pf_").partition("_")
    key = PrinterKey.objects.filter(prefix=prefix, revoked_at=None).first()
    if key is None or not hmac.compare_digest(key.secret_hash, hash_secret(secret)):
        return None
    if key.last_used_at is None or now - key.last_used_at > timedelta(minutes=1):
        key.last_used_at = now
        key.save(update_fields=["last_used_at"])
    return key


def store(report: dict[str, Any], key: PrinterKey, client: str, now: datetime) -> dict[str, Any]:
    """Write one plain report of a print that goes on, and tell the pages."""
    at = min(parse_datetime(report["measuredAt"]) or now, now)
    with transaction.atomic():
        printer = Printer.objects.select_for_update().get(serial=report["printer"])
        run = PrintRun.objects.get(printer=printer, run_key=report["runKey"])
        assert run.job_id is not None
        job = PrintQueue.objects.select_for_update().get(pk=run.job_id)
        run = PrintRun.objects.select_for_update().get(pk=run.pk)
        if printer.last_sequence is not None and report["sequence"] <= printer.last_sequence:
            return {"result": "stale"}
        observe(printer, run, job, report, at)
        printer.lease_key, printer.lease_client, printer.lease_until = key, client, now + timedelta(seconds=60)
        run.save()
        Sample.objects.create(
            run=run, number=report["sequence"], at=at, state=run.state, progress=run.progress, layer=run.layer, nozzle_c=report["nozzleC"],
            bed_c=report["bedC"], remaining_seconds=run.remaining_seconds,
        )  # fmt: skip
        RevisionCounter.objects.filter(pk=1).update(value=models.F("value") + 2)
        job.revision = RevisionCounter.objects.get(pk=1).value
        printer.revision = job.revision - 1
        # Past our own save(), which would take revisions of its own.
        models.Model.save(printer)
        models.Model.save(job, update_fields=[*PROGRESS, "revision"])
    tell(printer, job)
    return {"result": "accepted", "runId": str(run.pk), "jobId": str(job.pk), "sequence": report["sequence"]}


PROGRESS = ("progress", "progress_last_report_time", "remaining_seconds", "layer", "total_layers")


def observe(printer: Printer, run: PrintRun, job: PrintQueue, report: dict[str, Any], at: datetime) -> None:
    """Take over what the report says."""
    for row in (printer, run, job):
        row.progress = report["progress"]
        row.remaining_seconds = report["remainingSeconds"]
        row.layer, row.total_layers = report["layer"], report["totalLayers"]
    printer.state = run.state = report["state"]
    printer.last_report_at = run.last_report_at = job.progress_last_report_time = at
    printer.last_sequence = run.last_sequence = report["sequence"]
    printer.nozzle_c, printer.nozzle_target_c = report["nozzleC"], report["nozzleTargetC"]
    printer.bed_c, printer.bed_target_c = report["bedC"], report["bedTargetC"]


def tell(printer: Printer, job: PrintQueue) -> None:
    """Send the two events that ours sends: of the printer and of the job."""
    about_printer = {"type": "printer", "serial": printer.serial, "state": printer.state, "revision": printer.revision}
    about_job = {
        "type": "progress",
        "id": str(job.pk),
        "progress": job.progress,
        "progressLastReportTime": job.progress_last_report_time,
        "state": job.state,
        "remainingSeconds": job.remaining_seconds,
        "layer": job.layer,
        "totalLayers": job.total_layers,
        "revision": job.revision,
    }
    send_event("jobs", "message", about_printer)
    send_event("jobs", "message", about_job)


urlpatterns: list[URLPattern | URLResolver] = [
    path("api/print-queue/events", include("django_eventstream.urls"), {"channels": ["jobs"]}),
    path("api/printer-reports", post_reports),
]
application = get_asgi_application()
