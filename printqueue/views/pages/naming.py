"""How prints find their job, for whoever names the files."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from printqueue.views.pages.staff import StaffRequest, staff_only


@require_safe
@staff_only
def naming(request: StaffRequest) -> HttpResponse:
    """Show how to name a file so that its print finds its job for certain."""
    return render(request, "printqueue/naming.html")
