"""The admin of alerts: rules may be edited, targets switched off; what happened and what was told are only read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from printqueue.admin_kinds import Asking, Kept, ReadOnly, Row
from printqueue.models import Alert, AlertAttempt, AlertRule, AlertTarget, Fact, FactKind

# At run time this class takes no type arguments.
if TYPE_CHECKING:
    RuleModelForm = forms.ModelForm[AlertRule]
else:
    RuleModelForm = forms.ModelForm


class RuleForm(RuleModelForm):
    """The kinds as boxes to tick; targets of the rule's own owner alone."""

    kinds = forms.MultipleChoiceField(choices=FactKind.choices, widget=forms.CheckboxSelectMultiple)

    def clean(self) -> dict[str, Any]:
        super().clean()
        self.instance.owner = self.cleaned_data.get("owner")
        self.instance.check_targets(self.cleaned_data.get("targets", []))
        return self.cleaned_data


@admin.register(AlertRule)
class AlertRuleAdmin(Kept):
    form = RuleForm
    list_display = ("__str__", "owner", "own_jobs_only", "longer_than_minutes", "quiet_from", "quiet_to", "is_enabled")
    list_filter = ("is_enabled", "own_jobs_only")
    list_select_related = ("owner",)
    filter_horizontal = ("printers", "targets")


@admin.register(AlertTarget)
class AlertTargetAdmin(Asking):
    """Its URL is entered on the pages, and shown nowhere."""

    list_display = ("name", "owner", "channel", "is_enabled", "created_at", "removed_at")
    list_filter = ("is_enabled", "scheme")
    list_select_related = ("owner",)
    search_fields = ("name", "owner__username")
    fields = ("name", "is_enabled", "owner", "scheme", "created_at", "removed_at")
    readonly_fields = ("owner", "scheme", "created_at", "removed_at")
    actions = ("remove",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.action(description="Remove: forget the URL", permissions=["change"])
    def remove(self, request: HttpRequest, rows: QuerySet[AlertTarget]) -> None:
        self.do(request, rows, "Removed", lambda target: target.remove(timezone.now()))


class AttemptsInline(Row):
    model = AlertAttempt
    fields = ("at", "seconds", "outcome", "words", "together")


@admin.register(Alert)
class AlertAdmin(ReadOnly, Asking):
    list_display = ("created_at", "fact", "target", "state", "due_at", "attempts", "sent_at", "is_repeat", "last_error")
    list_filter = ("state", "is_repeat", "target", "created_at")
    list_select_related = ("fact__run__printer", "target")
    search_fields = ("fact__job__code", "target__name", "last_error")
    date_hierarchy = "created_at"
    inlines = (AttemptsInline,)
    actions = ("send_again",)

    def has_send_permission(self, request: HttpRequest) -> bool:
        """Whether somebody may do more than look, though nobody edits what was told."""
        return request.user.has_perm("printqueue.change_alert")

    @admin.action(description="Send again what was given up", permissions=["send"])
    def send_again(self, request: HttpRequest, rows: QuerySet[Alert]) -> None:
        self.do(request, rows, "Sent again", lambda alert: alert.send_again(now=timezone.now()))


@admin.register(AlertAttempt)
class AlertAttemptAdmin(ReadOnly):
    list_display = ("at", "alert", "outcome", "words", "seconds", "together")
    list_filter = ("outcome", "at")
    list_select_related = ("alert__fact", "alert__target")


@admin.register(Fact)
class FactAdmin(ReadOnly):
    list_display = ("at", "kind", "run", "job", "detail", "noticed_at", "cleared_at", "routed_at")
    list_filter = ("kind", "printer", "at")
    list_select_related = ("run__printer", "job")
    search_fields = ("job__code", "run__file_name", "detail")
    date_hierarchy = "at"
