"""What every page asks first: is this a member of staff, what is the time there, and from which revision on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo
from functools import wraps
from typing import Concatenate, Final, ParamSpec, cast
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers, patch_vary_headers
from django.utils.crypto import salted_hmac
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from printqueue.access import Actor, NotAllowed, NotLoggedIn, actor_of_session, viewer_mark
from printqueue.models import Busy, RevisionCounter

P = ParamSpec("P")

ZONE_COOKIE: Final = "timeZone"


class StaffRequest(HttpRequest):
    """A request of a member of staff."""

    htmx: HtmxDetails
    user: User
    actor: Actor
    now: datetime
    live_from: str
    """The event id from which on the page, once open, must hear of changes."""
    live_session: str
    """Names the browser's shared connection: another log-in is another name. Tells nothing of the session's key."""
    live_viewer: str
    """Names the user, so that a page left open gets no stream when somebody else has logged in since."""


StaffView = Callable[Concatenate[StaffRequest, P], HttpResponse]


def staff_only(view: StaffView[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Let `view` answer staff, in the viewer's time zone; send everybody else to the log-in.

    A row that does not exist, or is not to be seen, answers 404; what only others may do 403; a busy database 503.
    """

    @wraps(view)
    def wrapper(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        response = _answer(request, lambda staff: view(staff, *args, **kwargs))
        # The browser's back button must not show a queue of an hour ago as if it were live.
        add_never_cache_headers(response)
        patch_vary_headers(response, ["HX-Request", "Cookie"])
        return response

    return wrapper


def _answer(request: HttpRequest, view: Callable[[StaffRequest], HttpResponse]) -> HttpResponseBase:
    staff = cast(StaffRequest, request)
    staff.now = timezone.now()
    try:
        staff.actor = actor_of_session(request)
    except NotLoggedIn:
        return to_login(staff)
    staff.live_session = _live_session(staff)
    staff.live_viewer = viewer_mark(staff.user)
    # Before any row is read: what changes after this is told by the stream, so that nothing falls in between.
    staff.live_from = str(RevisionCounter.current())
    try:
        with timezone.override(_zone(request)):
            return view(staff)
    except ObjectDoesNotExist as missing:
        raise Http404(str(missing)) from missing
    except NotAllowed as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    except Busy as busy:
        template = "printqueue/_toast.html" if staff.htmx else "503.html"
        return render(request, template, {"text": str(busy), "state": "failed"}, status=503)


def wants_fragment(request: StaffRequest) -> bool:
    """Whether the browser has the page already and asks for a part of it."""
    return bool(request.htmx) and not request.htmx.history_restore_request


def to_login(request: StaffRequest) -> HttpResponse:
    """Send the browser to the log-in and then back to the page where it is now."""
    page = request.get_full_path() if request.method == "GET" else reverse("pages:list")
    if request.htmx:
        # A redirect would be followed by htmx itself, and the log-in page put into the middle of a table.
        page = request.htmx.current_url_abs_path or reverse("pages:list")
    address = f"{reverse('login')}?{urlencode({'next': page})}"
    return HttpResponseClientRedirect(address) if request.htmx else HttpResponseRedirect(address)


def _zone(request: HttpRequest) -> tzinfo:
    """Return the time zone that the browser named in its cookie, else the house's."""
    try:
        return ZoneInfo(request.COOKIES[ZONE_COOKIE])
    except (KeyError, ValueError, OSError):  # KeyError: no cookie, or no such zone
        return timezone.get_default_timezone()


def _live_session(request: StaffRequest) -> str:
    return salted_hmac("printqueue.live", f"{request.actor.session_key}:{request.user.pk}").hexdigest()[:16]
