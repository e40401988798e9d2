"""Of what people are told: what they do with the rules of their own, and managers with those of the shop."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from printqueue.access import alert_rule_for, printers_for, require_shop_alerts
from printqueue.models import AlertRule
from printqueue.views.pages.alert_rule_form import RuleForm, usual, wishes, zone_here
from printqueue.views.pages.alerts import address_of, frame, targets_of
from printqueue.views.pages.answers import done
from printqueue.views.pages.shown_alert import ShownRule
from printqueue.views.pages.staff import StaffRequest, staff_only

ask_or_do = require_http_methods(["GET", "HEAD", "POST"])


def verb(view: Callable[[StaffRequest, AlertRule], HttpResponse]) -> Callable[..., HttpResponseBase]:
    """Let `view` act on the rule of its address, if it is the viewer's own, or the shop's and they manage that."""

    @wraps(view)
    def wrapper(request: StaffRequest, /, pk: int) -> HttpResponse:
        return view(request, alert_rule_for(request.actor, pk))

    return staff_only(wrapper)


@ask_or_do
@staff_only
def new_rule(request: StaffRequest) -> HttpResponse:
    """Add a rule of what the viewer is told."""
    return _new(request, request.user)


@ask_or_do
@staff_only
def new_shop_rule(request: StaffRequest) -> HttpResponse:
    """Add a rule of what the shop is told."""
    require_shop_alerts(request.actor)
    return _new(request, None)


def _new(request: StaffRequest, owner: User | None) -> HttpResponse:
    title = "What do you want to be told?" if owner else "What is the shop to be told?"
    form = _form(request, owner, usual(zone_here()) | {"targets": _first_targets(request, owner)})
    if not _is_saved(form, AlertRule(owner=owner)):
        return _ask(request, form, owner, title=title)
    return done(request, "The rule is added.", to=address_of(owner))


def _first_targets(request: StaffRequest, owner: User | None) -> list[str]:
    """Return which places a new rule offers to tell: the one that the address names, or the only one."""
    known = [str(target.pk) for target in targets_of(owner)]
    return known if len(known) == 1 else [pk for pk in known if pk == request.GET.get("target")]


@ask_or_do
@verb
def edit_rule(request: StaffRequest, rule: AlertRule) -> HttpResponse:
    """Change what is told, of which prints, where, and when not."""
    form = _form(request, rule.owner, wishes(rule))
    if not _is_saved(form, rule):
        return _ask(request, form, rule.owner, title="Change the rule")
    return done(request, "The rule is changed.", to=address_of(rule.owner))


def _form(request: StaffRequest, owner: User | None, initial: dict[str, Any]) -> RuleForm:
    return RuleForm(
        request.POST if request.method == "POST" else None,
        targets=targets_of(owner),
        printers=printers_for(request.actor),
        is_shops=owner is None,
        initial=initial,
    )


def _is_saved(form: RuleForm, rule: AlertRule) -> bool:
    """Save what was filled in, unless something in it is wrong: that is then shown at its field."""
    if not form.is_bound or not form.is_valid():
        return False
    try:
        rule.edit(**form.wished())
    except ValidationError as problem:
        form.take(problem)
        return False
    return True


def _ask(request: StaffRequest, form: RuleForm, owner: User | None, *, title: str) -> HttpResponse:
    context = frame(owner) | {"form": form.dressed(), "form_title": title}
    return render(request, "printqueue/rule.html", context, status=422 if form.errors else 200)


@require_POST
@verb
def switch_rule_off(request: StaffRequest, rule: AlertRule) -> HttpResponse:
    """Let the rule tell nothing until it is switched on again."""
    rule.switch_off()
    undo = reverse("pages:switch-rule-on", args=[rule.pk])
    return done(request, "The rule is switched off.", to=address_of(rule.owner), undo=undo)


@require_POST
@verb
def switch_rule_on(request: StaffRequest, rule: AlertRule) -> HttpResponse:
    """Let the rule tell things again."""
    rule.switch_on()
    return done(request, "The rule is switched on.", to=address_of(rule.owner))


@ask_or_do
@verb
def remove_rule(request: StaffRequest, rule: AlertRule) -> HttpResponse:
    """Forget the rule, after asking once."""
    if request.method != "POST":
        shown = ShownRule(rule)
        text = f"{shown.what} · {shown.which}: nothing of that is told by this rule any more."
        context = frame(rule.owner) | {"question": "Remove this rule?", "text": text}
        return render(request, "printqueue/remove_alerts.html", context)
    owner = rule.owner
    rule.delete()
    return done(request, "The rule is removed.", to=address_of(owner))
