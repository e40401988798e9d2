"""What the printers are doing now."""

from __future__ import annotations

from ninja import Router

from printqueue.access import printer_for, printers_for
from printqueue.models import Printer
from printqueue.protocol import Scope
from printqueue.views.api.answers import PrinterAnswer, PrinterOut, PrintersAnswer, answers
from printqueue.views.api.auth import ApiRequest, gates
from printqueue.views.api.errors import Refusal

router = Router(tags=["Printers"], by_alias=True)


@router.get("/printers", auth=gates(Scope.JOBS_READ), response=answers(PrintersAnswer))
def list_printers(request: ApiRequest) -> PrintersAnswer:
    """List the printers in use."""
    printers = printers_for(request.auth)
    return PrintersAnswer(items=[PrinterOut.model_validate(printer.as_wire()) for printer in printers])


@router.get("/printers/{path:serial}", auth=gates(Scope.JOBS_READ), response=answers(PrinterAnswer))
def get_printer(request: ApiRequest, serial: str) -> PrinterAnswer:
    """Return one printer in use."""
    try:
        return PrinterAnswer.model_validate(printer_for(request.auth, serial).as_wire())
    except Printer.DoesNotExist as problem:
        raise Refusal(404, "There is no such printer.") from problem
