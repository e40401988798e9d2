"""Where people are told: what they do with the places of their own, and managers with those of the shop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import wraps
from queue import Empty, SimpleQueue
from typing import Final
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from printqueue.access import alert_target_for, require_shop_alerts
from printqueue.alerts.courier import Answer
from printqueue.models import AlertRule, AlertTarget
from printqueue.views.pages.alert_channels import ChannelForm, channel_of, channels, chosen_channel
from printqueue.views.pages.alert_rule_form import USUAL, zone_here
from printqueue.views.pages.alerts import address_of, frame
from printqueue.views.pages.answers import done, refused
from printqueue.views.pages.staff import StaffRequest, staff_only, wants_fragment

ask_or_do = require_http_methods(["GET", "HEAD", "POST"])

TESTING: Final = threading.Lock()
"""Held while a test is sent: whoever waits for its end takes one of the few threads that answer all requests."""

TEST_SECONDS: Final = 12.0
"""How long somebody waits for the end of a test. A request must be answered within 20 seconds."""


def verb(view: Callable[[StaffRequest, AlertTarget], HttpResponse]) -> Callable[..., HttpResponseBase]:
    """Let `view` act on the target of its address, if it is the viewer's own, or the shop's and they manage that."""

    @wraps(view)
    def wrapper(request: StaffRequest, /, pk: int) -> HttpResponse:
        return view(request, alert_target_for(request.actor, pk))

    return staff_only(wrapper)


@ask_or_do
@staff_only
def new_target(request: StaffRequest) -> HttpResponse:
    """Add a place where the viewer is told."""
    return _new(request, request.user)


@ask_or_do
@staff_only
def new_shop_target(request: StaffRequest) -> HttpResponse:
    """Add a place where the shop is told."""
    require_shop_alerts(request.actor)
    return _new(request, None)


def _new(request: StaffRequest, owner: User | None) -> HttpResponse:
    """Ask for a place and add it; the first one is told the usual at once, of a later one its owner is asked what."""
    title = "Where do you want to be told?" if owner else "Where is the shop to be told?"
    if request.method != "POST":
        return _form(request, chosen_channel(request.GET.get("channel", ""))(), owner, title=title)
    form = chosen_channel(request.POST.get("channel", ""))(request.POST)
    target = AlertTarget(owner=owner)
    if not _is_saved(form, target):
        return _form(request, form, owner, title=title)
    if AlertRule.objects.filter(owner=owner).exists():
        rule = reverse(f"pages:new-{'' if owner else 'shop-'}rule") + f"?{urlencode({'target': target.pk})}"
        return done(request, f"{target.name} is added. Choose what is told there.", to=rule)
    AlertRule(owner=owner).edit(kinds=[*USUAL], targets=[target], zone=zone_here())
    return done(request, f"{target.name} is added. Send a test to see whether it arrives.", to=address_of(owner))


@ask_or_do
@verb
def edit_target(request: StaffRequest, target: AlertTarget) -> HttpResponse:
    """Give a place another name or another address; the stored address is not shown."""
    channel = channel_of(target.scheme)
    form = channel(request.POST if request.method == "POST" else None, stored_name=target.name)
    if not form.is_bound or not _is_saved(form, target):
        return _form(request, form, target.owner, title=f"Edit {target.name}")
    return done(request, f"{target.name} is changed.", to=address_of(target.owner))


def _is_saved(form: ChannelForm, target: AlertTarget) -> bool:
    """Save what was filled in, unless something in it is wrong: that is then shown at its field."""
    if not form.is_valid():
        return False
    try:
        target.edit(name=form.cleaned_data["name"], url=form.url)
    except ValidationError as problem:
        form.refuse(problem)
        return False
    return True


def _form(request: StaffRequest, form: ChannelForm, owner: User | None, *, title: str) -> HttpResponse:
    context = frame(owner) | {
        "form": form,
        "form_title": title,
        "channels": [(channel.key(), channel.label) for channel in channels()],
        "action": "",
        "is_page": True,
    }
    return render(request, "printqueue/target.html", context, status=422 if form.errors else 200)


@require_POST
@verb
def send_test(request: StaffRequest, target: AlertTarget) -> HttpResponse:
    """Send a test now, and show what the other side answered."""
    if not target.is_enabled:
        return refused(request, f"{target.name} is off. Switch it on first.", to=address_of(target.owner))
    if not TESTING.acquire(blocking=False):
        return refused(request, "Another test is being sent. Try again in a moment.", to=address_of(target.owner))
    answers: SimpleQueue[Answer] = SimpleQueue()
    # It ends with the process: whoever tells the server to end does not wait for a mail server that does not answer.
    threading.Thread(target=_test, args=[target, answers], daemon=True).start()
    try:
        answer = answers.get(timeout=TEST_SECONDS)
    except Empty:
        answer = Answer("uncertain", f"No answer within {TEST_SECONDS:.0f} seconds. Look whether it still arrives.")
    context = frame(target.owner) | {"target": target, "answer": answer}
    return render(request, f"printqueue/{'_' if wants_fragment(request) else ''}test_answer.html", context)


def _test(target: AlertTarget, answers: SimpleQueue[Answer]) -> None:
    """Send a test, and put into `answers` how that went; the caller holds TESTING, which is let go then."""
    try:
        answers.put(target.send_test())
    finally:
        TESTING.release()


@require_POST
@verb
def switch_target_off(request: StaffRequest, target: AlertTarget) -> HttpResponse:
    """Tell nothing there until it is switched on again."""
    target.switch_off()
    undo = reverse("pages:switch-target-on", args=[target.pk])
    return done(request, f"{target.name} is switched off.", to=address_of(target.owner), undo=undo)


@require_POST
@verb
def switch_target_on(request: StaffRequest, target: AlertTarget) -> HttpResponse:
    """Tell things there again."""
    target.switch_on()
    return done(request, f"{target.name} is switched on.", to=address_of(target.owner))


@ask_or_do
@verb
def remove_target(request: StaffRequest, target: AlertTarget) -> HttpResponse:
    """Forget a place and its address, after asking once."""
    if request.method != "POST":
        text = f"{target} is told nothing any more, and its address is forgotten."
        context = frame(target.owner) | {"question": f"Remove {target.name}?", "text": text}
        return render(request, "printqueue/remove_alerts.html", context)
    name = target.name
    owner = target.owner
    target.remove(request.now)
    return done(request, f"{name} is removed.", to=address_of(owner))
