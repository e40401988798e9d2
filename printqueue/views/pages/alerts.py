"""Where and of what people are told: the pages of their own places and rules, and of the shop's."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from printqueue.access import manages_shop_alerts, require_shop_alerts
from printqueue.models import Alert, AlertRule, AlertState, AlertTarget
from printqueue.views.pages.alert_channels import channels, chosen_channel
from printqueue.views.pages.alert_rule_form import USUAL
from printqueue.views.pages.shown_alert import ShownRule, ShownTarget, in_short
from printqueue.views.pages.staff import StaffRequest, staff_only, wants_fragment


@require_safe
@staff_only
def alerts(request: StaffRequest) -> HttpResponse:
    """Show where the viewer is told, and of what; who is told nowhere yet is asked where."""
    return _show(request, request.user)


@require_safe
@staff_only
def shop_alerts(request: StaffRequest) -> HttpResponse:
    """Show where the shop is told, and of what."""
    require_shop_alerts(request.actor)
    return _show(request, None)


def _show(request: StaffRequest, owner: User | None) -> HttpResponse:
    # One message by index: a target may have been told of a hundred thousand things.
    sent = Alert.objects.filter(target=OuterRef("pk"), state=AlertState.SENT).order_by("-created_at")
    targets = list(targets_of(owner).annotate(told_at=Subquery(sent.values("sent_at")[:1])))
    rules = list(AlertRule.objects.filter(owner=owner).prefetch_related("printers", "targets").order_by("pk"))
    told = {target.pk for rule in rules if rule.is_enabled for target in rule.targets.all()}
    context = frame(owner) | {
        "may_manage": manages_shop_alerts(request.actor),
        "targets": [ShownTarget(target, target.pk in told, target.told_at) for target in targets],
        "rules": [ShownRule(rule) for rule in rules],
        "usual": in_short(USUAL).lower(),
        "channels": [(channel.key(), channel.label) for channel in channels()],
        "form": chosen_channel(request.GET.get("channel", ""))(),
    }
    return render(request, "printqueue/_alerts.html" if wants_fragment(request) else "printqueue/alerts.html", context)


def targets_of(owner: User | None) -> QuerySet[AlertTarget]:
    """Return where `owner` is told; None is the shop."""
    return AlertTarget.objects.filter(owner=owner, removed_at=None).order_by("pk")


def frame(owner: User | None) -> dict[str, object]:
    """Return what all pages of one owner's alerts need: their names and addresses."""
    prefix = "" if owner else "shop-"
    return {
        "tab": "mine" if owner else "shop",
        "title": "My alerts" if owner else "Alerts of the shop",
        "here": address_of(owner),
        "new_target": reverse(f"pages:new-{prefix}target"),
        "new_rule": reverse(f"pages:new-{prefix}rule"),
    }


def address_of(owner: User | None) -> str:
    """Return where the places and rules of `owner` are shown; None is the shop."""
    return reverse("pages:alerts" if owner else "pages:shop-alerts")
