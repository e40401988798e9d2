"""How a verb answers: a toast on the page, or the page again with the toast on it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import trigger_client_event

from printqueue.views.pages.staff import StaffRequest


def done(request: StaffRequest, text: str, *, to: str, undo: str = "", on: str = "") -> HttpResponse:
    """Say that it is done; `undo` is the address to post to for the way back, `on` that of what comes next.

    A browser that posted with htmx stays where it is and fetches anew what the verb changed; any other goes back
    to where it was, or to `to`.
    """
    if not request.htmx:
        messages.success(request, text, extra_tags=undo)
        return HttpResponseRedirect(_back(request) or to)
    response = _toast(request, text, "completed", undo=undo, on=on)
    return trigger_client_event(response, "pf:changed", {})


def refused(request: StaffRequest, text: str, *, to: str, status: int = 409) -> HttpResponse:
    """Say why it was not done."""
    if not request.htmx:
        messages.error(request, text)
        return HttpResponseRedirect(_back(request) or to)
    response = _toast(request, text, "failed", status=status)
    # What is on the page led to the refusal: it is out of date.
    return trigger_client_event(response, "pf:changed", {})


def _toast(
    request: StaffRequest, text: str, state: str, *, undo: str = "", on: str = "", status: int = 200
) -> HttpResponse:
    context = {"text": text, "state": state, "undo": undo, "on": on}
    return render(request, "printqueue/_toast.html", context, status=status)


def _back(request: StaffRequest) -> str:
    """Return the address on this site that the form names as where it stood, or ""."""
    address = request.POST.get("next", "")
    return address if url_has_allowed_host_and_scheme(address, allowed_hosts=None) else ""
