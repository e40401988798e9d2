"""The delivery log: what was told to whom, how often that was tried, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from printqueue.access import alerts_for, manages_shop_alerts, printers_for, require_shop_alerts
from printqueue.models import Alert, AlertState, FactKind, InvalidTransition
from printqueue.protocol import MAX_SERIAL, safe_text
from printqueue.views.pages.answers import done, refused
from printqueue.views.pages.queue import MAX_SEARCH, PAGE_SIZE, PAGES_COUNTED_AHEAD, Pages
from printqueue.views.pages.shown_alert import STATES, ShownAlert
from printqueue.views.pages.staff import StaffRequest, staff_only, wants_fragment

SOON: Final = timedelta(minutes=1)


@dataclass(frozen=True)
class Filter:
    """Which messages the viewer asked for."""

    state: str
    kind: str
    printer: str
    text: str
    page: int

    @classmethod
    def of(cls, query: QueryDict) -> Self:
        """Read the filter from an address; what makes no sense there is passed over."""
        state, kind, page = (query.get(name, "") for name in ("state", "kind", "page"))
        return cls(
            state=state if state in AlertState else "",
            kind=kind if kind in FactKind else "",
            printer=safe_text(query.get("printer", ""), MAX_SERIAL),
            text=safe_text(query.get("q", "").strip(), MAX_SEARCH),
            page=int(page) if page.isdecimal() and len(page) < 7 else 1,
        )

    @property
    def is_on(self) -> bool:
        """Whether it leaves anything out."""
        return bool(self.state or self.kind or self.printer or self.text)

    def address(self, page: int | None = None) -> str:
        """Return the query that leads to this filter's messages on its page, or on `page`."""
        number = page or self.page
        named = {
            "state": self.state,
            "kind": self.kind,
            "printer": self.printer,
            "q": self.text,
            "page": str(number) if number > 1 else "",
        }
        return "?" + urlencode({name: value for name, value in named.items() if value})

    def of_alerts(self, alerts: QuerySet[Alert]) -> QuerySet[Alert]:
        """Return the messages that it leaves over."""
        if self.state:
            alerts = alerts.filter(state=self.state)
        if self.kind:
            alerts = alerts.filter(fact__kind=self.kind)
        if self.printer:
            alerts = alerts.filter(fact__printer__serial=self.printer)
        if self.text:
            alerts = alerts.filter(Q(target__name__icontains=self.text) | Q(fact__job__code__iexact=self.text))
        return alerts


@require_safe
@staff_only
def alert_log(request: StaffRequest) -> HttpResponse:
    """Show what the viewer, and the shop, was told; to those who manage that what anybody was."""
    context = _log_context(request, Filter.of(request.GET))
    if wants_fragment(request):
        return render(request, "printqueue/_alert_log.html", context)
    choices = {
        "states": [(state.value, badge.word) for state, badge in STATES.items()],
        "kinds": FactKind.choices,
        "all_printers": list(printers_for(request.actor)),
    }
    return render(request, "printqueue/alert_log.html", context | choices)


def _log_context(request: StaffRequest, chosen: Filter) -> dict[str, object]:
    """Return what _alert_log.html needs. Of a long log only what is near the page is counted."""
    found = chosen.of_alerts(alerts_for(request.actor))
    most = (chosen.page + PAGES_COUNTED_AHEAD) * PAGE_SIZE
    counted = found.order_by()[: most + 1].count()
    pages = Pages.of(chosen.page, min(counted, most), is_more=counted > most)
    known = found.select_related("target__owner", "fact__job", "fact__printer", "fact__run")
    rows = list(known.prefetch_related("log").order_by("-created_at", "-pk")[pages.begin : pages.end])
    may_manage = manages_shop_alerts(request.actor)
    return {
        "tab": "log",
        "may_manage": may_manage,
        "filter": chosen,
        "page": pages,
        "is_moving": any(_is_moving(alert, request.now) for alert in rows),
        "alerts": [_shown(alert, request, may_manage=may_manage) for alert in rows],
        "back": chosen.address(pages.number - 1),
        "on": chosen.address(pages.number + 1),
    }


def _is_moving(alert: Alert, now: datetime) -> bool:
    """Whether its state may change while somebody looks at it."""
    is_due = alert.state == AlertState.WAITING and alert.due_at <= now + SOON
    return is_due or alert.state == AlertState.SENDING


def _shown(alert: Alert, request: StaffRequest, *, may_manage: bool) -> ShownAlert:
    owner = alert.target.owner
    is_for_viewer = owner == request.user or (owner is None and may_manage)
    return ShownAlert(
        alert,
        attempts=list(alert.log.all()),
        may_send_again=alert.state == AlertState.DEAD and alert.target.removed_at is None and is_for_viewer,
        whose="Shop" if owner is None else "Mine" if owner == request.user else owner.get_full_name() or owner.username,
        now=request.now,
    )


@require_POST
@staff_only
def send_again(request: StaffRequest, pk: int) -> HttpResponse:
    """Try anew to deliver a message that was given up."""
    alert = alerts_for(request.actor).select_related("target").get(pk=pk)
    log = reverse("pages:alert-log")
    if alert.target.owner_id is None:
        require_shop_alerts(request.actor)
    elif alert.target.owner_id != request.user.pk:
        raise Alert.DoesNotExist("Only its owner has it sent again.")
    try:
        alert.send_again(now=request.now)
    except (InvalidTransition, ValidationError) as problem:
        return refused(request, str(problem), to=log)
    return done(request, f"It is sent to {alert.target.name} again.", to=log)
