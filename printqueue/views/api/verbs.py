"""What people and programs do with a job: one verb, one method of the model."""

from __future__ import annotations

from typing import Final

from django.utils import timezone
from ninja import Router

from printqueue.protocol import Scope
from printqueue.views.api.answers import JobAnswer, answers
from printqueue.views.api.auth import ApiRequest, gates
from printqueue.views.api.fields import Body, Reason, Serial
from printqueue.views.api.jobs import job_named, printer_named

router = Router(tags=["Verbs"], by_alias=True)


class Because(Body):
    """Why, for the job's history."""

    reason: Reason = ""


class StartOn(Because):
    """Why, and on which printer."""

    printer: Serial | None = None


NO_REASON: Final = Because()
NO_PRINTER: Final = StartOn()


@router.post("/print-queue/{job_id}/start", auth=gates(Scope.JOBS_WRITE), response=answers(JobAnswer))
def start_job(request: ApiRequest, job_id: str, body: StartOn = NO_PRINTER) -> JobAnswer:
    """Say that a ready job is being printed, on `printer` if given, before any report does."""
    job = job_named(request.auth, job_id)
    printer = printer_named(request.auth, body.printer)
    job.start(by=request.auth.who, now=timezone.now(), reason=body.reason, printer=printer)
    return JobAnswer.of(job)


@router.post("/print-queue/{job_id}/cancel", auth=gates(Scope.JOBS_WRITE), response=answers(JobAnswer))
def cancel_job(request: ApiRequest, job_id: str, body: Because = NO_REASON) -> JobAnswer:
    """Say that a job is no longer wanted; no report undoes this."""
    job = job_named(request.auth, job_id)
    job.cancel(by=request.auth.who, now=timezone.now(), reason=body.reason)
    return JobAnswer.of(job)


@router.post("/print-queue/{job_id}/complete", auth=gates(Scope.JOBS_WRITE), response=answers(JobAnswer))
def complete_job(request: ApiRequest, job_id: str, body: Because = NO_REASON) -> JobAnswer:
    """Say that a job on a printer is printed."""
    job = job_named(request.auth, job_id)
    job.complete(by=request.auth.who, now=timezone.now(), reason=body.reason)
    return JobAnswer.of(job)


@router.post("/print-queue/{job_id}/fail", auth=gates(Scope.JOBS_WRITE), response=answers(JobAnswer))
def fail_job(request: ApiRequest, job_id: str, body: Because = NO_REASON) -> JobAnswer:
    """Say that the print of a job on a printer is no good."""
    job = job_named(request.auth, job_id)
    job.fail(by=request.auth.who, now=timezone.now(), reason=body.reason)
    return JobAnswer.of(job)


@router.post("/print-queue/{job_id}/retry", auth=gates(Scope.JOBS_WRITE), response=answers(JobAnswer))
def retry_job(request: ApiRequest, job_id: str, body: Because = NO_REASON) -> JobAnswer:
    """Queue a failed or cancelled job again."""
    job = job_named(request.auth, job_id)
    job.retry(by=request.auth.who, now=timezone.now(), reason=body.reason)
    return JobAnswer.of(job)


@router.post("/print-queue/{job_id}/reopen", auth=gates(Scope.JOBS_WRITE), response=answers(JobAnswer))
def reopen_job(request: ApiRequest, job_id: str, body: Because = NO_REASON) -> JobAnswer:
    """Queue an ended job again although it was thought done; needs a reason."""
    job = job_named(request.auth, job_id)
    job.reopen(by=request.auth.who, now=timezone.now(), reason=body.reason)
    return JobAnswer.of(job)
