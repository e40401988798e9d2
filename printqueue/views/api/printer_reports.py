"""Reports of printers, from the programs beside them."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from django.http import HttpResponse
from django.utils import timezone
from ninja import Router
from pydantic import Field, ValidationError, WrapValidator

from printqueue import protocol, reports
from printqueue.protocol import RefusalCode, ReportState, ResultWord, Scope
from printqueue.views.api.answers import Done, FieldProblem, answers, as_sent
from printqueue.views.api.auth import ApiRequest, gates
from printqueue.views.api.errors import MAX_DETAILS, field_error
from printqueue.views.api.fields import (
    Counted,
    FileName,
    Name,
    Number,
    Percent,
    Serial,
    SparseBody,
    Text,
    Time,
    Whole,
    Wire,
    WireTime,
)
from printqueue.views.api.parser import REPORTS_BODY_BYTES

router = Router(tags=["Reports"], by_alias=True)


class PrinterErrorBody(SparseBody):
    """An error as the printer names it."""

    code: Annotated[Text, Field(max_length=protocol.MAX_ERROR_CODE)] = ""
    message: Annotated[Text, Field(max_length=protocol.MAX_ERROR_MESSAGE)] = ""


class ReportBody(SparseBody):
    """One message about one printer at one moment. `progress` in percent, temperatures in °C."""

    printer: Serial
    state: ReportState
    measured_at: Time
    sequence: Counted | None = None
    run_key: Annotated[Text, Field(max_length=protocol.MAX_RUN_KEY)] = ""
    progress: Percent | None = None
    filename: FileName = ""
    remaining_seconds: Whole | None = None
    layer: Whole | None = None
    total_layers: Whole | None = None
    nozzle_c: Number | None = None
    nozzle_target_c: Number | None = None
    bed_c: Number | None = None
    bed_target_c: Number | None = None
    error: PrinterErrorBody = PrinterErrorBody()
    started_at: Time | None = None
    printer_name: Annotated[Text, Field(max_length=protocol.MAX_PRINTER_NAME)] = ""
    model: Annotated[Text, Field(max_length=protocol.MAX_PRINTER_NAME)] = ""

    def as_report(self) -> reports.Report:
        """Return the report as the rest of PrintFactory knows it."""
        # Member by member: `model_dump` costs as much as the check of the whole report.
        return reports.Report(
            serial=self.printer,
            state=self.state,
            measured_at=self.measured_at,
            sequence=self.sequence,
            run_key=self.run_key,
            progress=self.progress,
            file_name=self.filename,
            remaining_seconds=self.remaining_seconds,
            layer=self.layer,
            total_layers=self.total_layers,
            nozzle_c=self.nozzle_c,
            nozzle_target_c=self.nozzle_target_c,
            bed_c=self.bed_c,
            bed_target_c=self.bed_target_c,
            error_code=self.error.code,
            error_message=self.error.message,
            started_at=self.started_at,
            printer_name=self.printer_name,
            model=self.model,
        )


Unchecked = Annotated[ReportBody, WrapValidator(lambda value, check: value)]
"""A report as it was sent: described as one, and checked later."""


class ReportsBody(SparseBody):
    """Reports in the order in which they were made. Each is checked by itself: a wrong one does not sink the others."""

    client: (
        Annotated[Name, Field(max_length=64, description="What tells this client from others with its key.")] | None
    ) = None
    sent_at: Annotated[Time, Field(description="Now, by the client's clock: corrects the other times.")] | None = None
    reports: Annotated[list[Unchecked], Field(min_length=1, max_length=protocol.MAX_REPORTS_PER_CALL)]


class RefusalOut(Wire):
    """Why a report was refused."""

    code: RefusalCode
    message: str
    details: list[FieldProblem] = []


class ReportResultOut(Wire):
    """What became of one report."""

    result: ResultWord
    sequence: int | None
    run_id: str | None = None
    job_id: str | None = None
    match_reason: str | None = None
    error: RefusalOut | None = None


class ReportsAnswer(Done):
    """What became of the reports, in the order sent."""

    success: Literal[True] = True
    received_at: WireTime
    results: list[ReportResultOut]


@router.post("/printer-reports", auth=gates(Scope.REPORTS_WRITE, REPORTS_BODY_BYTES), response=answers(ReportsAnswer))
def post_reports(request: ApiRequest, body: ReportsBody) -> HttpResponse:
    """Store what printers said."""
    received_at = timezone.now()
    checked = [_checked(item) for item in body.reports]
    outcomes = reports.receive_all(
        [item.as_report() for item in checked if isinstance(item, ReportBody)],
        actor=request.auth,
        client=body.client or "",
        received_at=received_at,
        skew=received_at - body.sent_at if body.sent_at else timedelta(0),
    )
    following = iter(outcomes)
    results = [_result(item, next(following)) if isinstance(item, ReportBody) else item for item in checked]
    return as_sent(ReportsAnswer(received_at=received_at, results=results))


def _checked(item: Any) -> ReportBody | ReportResultOut:
    """Return what was sent as one report, or why it is none."""
    try:
        return ReportBody.model_validate(item)
    except ValidationError as problem:
        return _invalid(item, problem)


def _result(body: ReportBody, outcome: reports.Outcome) -> ReportResultOut:
    run = outcome.run
    return ReportResultOut(
        result=outcome.result,
        sequence=body.sequence,
        run_id=str(run.pk) if run else None,
        job_id=str(run.job_id) if run and run.job_id else None,
        match_reason=(run.match_reason or None) if run else None,
        error=_refusal(outcome.refusal, outcome) if outcome.refusal else None,
    )


def _refusal(code: RefusalCode, outcome: reports.Outcome) -> RefusalOut:
    if not outcome.field:
        return RefusalOut(code=code, message=outcome.message)
    detail = FieldProblem(field=outcome.field, message=outcome.message)
    return RefusalOut(code=code, message=f"{outcome.field}: {outcome.message}", details=[detail])


def _invalid(item: Any, problem: ValidationError) -> ReportResultOut:
    details = [field_error(error) for error in problem.errors(include_url=False)][:MAX_DETAILS]
    sequence = item.get("sequence") if isinstance(item, dict) else None
    is_sequence = type(sequence) is int and 1 <= sequence <= protocol.MAX_SEQUENCE
    return ReportResultOut(
        result="refused",
        sequence=sequence if is_sequence else None,
        error=RefusalOut(
            code="invalid",
            message="The report has wrong fields.",
            details=[FieldProblem(field=detail["field"], message=detail["message"]) for detail in details],
        ),
    )
