"""The Django admin: where staff mend data.

Whatever the machines own is read-only here, and whatever changes a state goes through the same methods as the pages
and the API, so that an edit is recorded and reaches every open page. Nothing is deleted; jobs and printers are hidden.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms import BaseForm, ModelForm
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from printqueue import admin_alerts  # noqa: F401  (registers the models of alerts)
from printqueue.admin_kinds import Asking, Kept, ReadOnly, Row
from printqueue.live.revisions import RevisionCounter
from printqueue.models import (
    Printer,
    PrinterKey,
    PrintQueue,
    PrintRun,
    Sample,
    Transition,
    Who,
)
from printqueue.protocol import Scope

# At run time these classes take no type arguments.
if TYPE_CHECKING:
    JobModelForm = forms.ModelForm[PrintQueue]
    KeyModelForm = forms.ModelForm[PrinterKey]
else:
    JobModelForm = KeyModelForm = forms.ModelForm

admin.site.site_header = "PrintFactory"
admin.site.site_title = "PrintFactory"
admin.site.index_title = "Mend data"
admin.site.site_url = "/admin/print-queue/"


def who(request: HttpRequest) -> Who:
    """Return the member of staff at work, as transitions record them."""
    return Who(user=request.user)  # type: ignore[arg-type]  # the admin lets nobody else in


class RunsInline(Row):
    model = PrintRun
    fk_name = "job"
    fields = ("printer", "state", "progress", "file_name", "started_at", "ended_at", "match_reason")
    verbose_name_plural = "runs"


class TransitionsInline(Row):
    model = Transition
    fields = ("at", "old_state", "new_state", "reason", "user", "key")


class ReasonForm(forms.Form):
    """Asks why."""

    reason = forms.CharField(max_length=500, widget=forms.Textarea(attrs={"rows": 2}), help_text="Kept in the history.")


class LinkForm(forms.Form):
    """Asks which job `runs` are prints of: one that is open or ended lately, or the present one of a run."""

    job = forms.ModelChoiceField(
        PrintQueue.objects.none(), required=False, empty_label="No job: take it off its present one"
    )

    def __init__(self, data: Any = None, *, runs: QuerySet[PrintRun]) -> None:
        super().__init__(data)
        present = PrintQueue.objects.filter(pk__in=runs.values("job"))
        jobs = PrintQueue.rows_on_a_new_page(timezone.now()) | present
        self.fields["job"].queryset = jobs.in_order()  # type: ignore[attr-defined]


class JobForm(JobModelForm):
    """What was wanted; checked here so that a mistake shows beside its field."""

    def clean_is_enabled(self) -> bool:
        is_enabled = bool(self.cleaned_data["is_enabled"])
        if not is_enabled and self.instance.pk and self.instance.is_active:
            raise ValidationError("A job that is on a printer cannot be hidden.")
        return is_enabled


@admin.register(PrintQueue)
class PrintQueueAdmin(Asking):
    form = JobForm
    list_display = (
        "code",
        "design_name",
        "customer_id",
        "state",
        "progress",
        "printer",
        "rush",
        "due_at",
        "is_enabled",
    )
    list_filter = ("state", "attention", "rush", "is_enabled", "printer", "created_at")
    search_fields = ("code", "design_name", "customer_id", "print_file_name", "note")
    list_select_related = ("printer",)
    date_hierarchy = "created_at"
    autocomplete_fields = ("wanted_printer",)
    inlines = (RunsInline, TransitionsInline)
    actions = ("reopen", "fail", "hide", "show")
    wanted = ("design_name", "customer_id", "note", "print_file_name", "copies", "rush", "due_at", "wanted_printer")
    observed = (
        "code", "state", "attention", "copies_done", "printer", "match_reason", "progress", "progress_last_report_time",
        "remaining_seconds", "layer", "total_layers", "created_at", "created_by", "started_at", "started_by",
        "ended_at", "ended_by", "revision",
    )  # fmt: skip
    readonly_fields = observed
    fieldsets = ((None, {"fields": (*wanted, "is_enabled")}), ("What happened", {"fields": observed}))

    def save_model(self, request: HttpRequest, obj: PrintQueue, form: ModelForm[PrintQueue], change: bool) -> None:
        values = {name: form.cleaned_data[name] for name in form.changed_data if name in self.wanted}
        if not change:
            made = PrintQueue.create(by=who(request), now=timezone.now(), **values)
            obj.pk = made.pk
        elif values:
            PrintQueue.objects.get(pk=obj.pk).edit(**values)
        if "is_enabled" in form.changed_data:
            job = PrintQueue.objects.get(pk=obj.pk)
            job.show() if form.cleaned_data["is_enabled"] else job.hide()
        obj.refresh_from_db()

    @admin.action(description="Reopen, with a reason", permissions=["change"])
    def reopen(self, request: HttpRequest, rows: QuerySet[PrintQueue]) -> HttpResponse | None:
        return self.ask(
            request,
            rows,
            ReasonForm,
            "Reopen",
            lambda job, said: job.reopen(by=who(request), now=timezone.now(), **said),
        )

    @admin.action(description="Set failed, with a reason", permissions=["change"])
    def fail(self, request: HttpRequest, rows: QuerySet[PrintQueue]) -> HttpResponse | None:
        return self.ask(
            request,
            rows,
            ReasonForm,
            "Set failed",
            lambda job, said: job.fail(by=who(request), now=timezone.now(), **said),
        )

    @admin.action(description="Hide", permissions=["change"])
    def hide(self, request: HttpRequest, rows: QuerySet[PrintQueue]) -> None:
        self.do(request, rows, "Hidden", lambda job: job.hide())

    @admin.action(description="Show again", permissions=["change"])
    def show(self, request: HttpRequest, rows: QuerySet[PrintQueue]) -> None:
        self.do(request, rows, "Shown again", lambda job: job.show())


@admin.register(PrintRun)
class PrintRunAdmin(Asking):
    list_display = ("file_name", "printer", "job", "state", "progress", "started_at", "ended_at", "match_reason")
    list_filter = (
        "state", "printer", "source", "is_history", ("job", admin.EmptyFieldListFilter),
        ("not_ours_at", admin.EmptyFieldListFilter), "started_at",
    )  # fmt: skip
    search_fields = ("file_name", "run_key", "job__code", "printer__serial", "printer__name")
    list_select_related = ("printer", "job")
    date_hierarchy = "started_at"
    inlines = (TransitionsInline,)
    actions = ("relink", "not_ours", "ours")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: PrintRun | None = None) -> list[str]:
        return [field.name for field in PrintRun._meta.fields]

    def save_model(self, request: HttpRequest, obj: PrintRun, form: BaseForm, change: bool) -> None:
        """Write nothing: nothing is edited here, and a report may have moved the run since it was read."""

    @admin.action(description="Link to another job", permissions=["change"])
    def relink(self, request: HttpRequest, rows: QuerySet[PrintRun]) -> HttpResponse | None:
        def act(run: PrintRun, said: dict[str, Any]) -> None:
            job: PrintQueue | None = said["job"]
            if job is not None:
                job.link(run, by=who(request), now=timezone.now())
            elif run.job is not None:
                run.job.unlink(run, by=who(request), now=timezone.now())

        return self.ask(request, rows, partial(LinkForm, runs=rows), "Link to another job", act)

    @admin.action(description="Not ours: off the tray", permissions=["change"])
    def not_ours(self, request: HttpRequest, rows: QuerySet[PrintRun]) -> None:
        self.do(request, rows, "Not ours", lambda run: run.not_ours(by=who(request), now=timezone.now()))

    @admin.action(description="Ours: back into the tray", permissions=["change"])
    def ours(self, request: HttpRequest, rows: QuerySet[PrintRun]) -> None:
        self.do(request, rows, "Ours again", lambda run: run.ours(now=timezone.now()))


@admin.register(Printer)
class PrinterAdmin(Kept):
    list_display = (
        "name",
        "serial",
        "model",
        "state",
        "state_since",
        "file_name",
        "progress",
        "last_report_at",
        "is_enabled",
    )
    list_filter = ("is_enabled", "state", "model")
    search_fields = ("name", "serial", "model")
    own = ("name", "is_enabled", "silent_minutes", "still_minutes", "paused_minutes")

    def get_readonly_fields(self, request: HttpRequest, obj: Printer | None = None) -> list[str]:
        by_hand = {*self.own, "serial"} if obj is None else {*self.own}
        return [field.name for field in Printer._meta.fields if field.name not in by_hand]

    def save_model(self, request: HttpRequest, obj: Printer, form: BaseForm, change: bool) -> None:
        if "name" in form.changed_data:
            obj.is_named_by_staff = bool(obj.name)  # an empty one is its client's to give again
        # Only what was edited: a report may have moved the rest since the form was shown.
        obj.save(update_fields=[*form.changed_data, "is_named_by_staff"] if change else None)


class KeyForm(KeyModelForm):
    """The scopes as boxes to tick."""

    scopes = forms.MultipleChoiceField(
        choices=[(scope.value, scope.value) for scope in Scope], widget=forms.CheckboxSelectMultiple
    )


@admin.register(PrinterKey)
class PrinterKeyAdmin(Asking):
    form = KeyForm
    list_display = ("name", "prefix", "scopes", "all_printers", "last_used_at", "expires_at", "revoked_at")
    list_filter = ("all_printers", ("revoked_at", admin.EmptyFieldListFilter))
    search_fields = ("name", "prefix")
    filter_horizontal = ("printers",)
    readonly_fields = ("prefix", "last_used_at", "revoked_at", "created_at", "created_by")
    actions = ("revoke",)

    def save_model(self, request: HttpRequest, obj: PrinterKey, form: BaseForm, change: bool) -> None:
        if not change:
            obj.created_by = who(request).user
            request.new_key = obj.new_secret()  # type: ignore[attr-defined]  # for response_add, and nowhere else
        super().save_model(request, obj, form, change)

    def response_add(self, request: HttpRequest, obj: PrinterKey, post_url_continue: str | None = None) -> HttpResponse:
        """Show the key on the answer itself: a message would keep it in a cookie or in the session."""
        context = {
            **self.admin_site.each_context(request),
            "title": f"The key of {obj.name}",
            "token": request.new_key,  # type: ignore[attr-defined]
            "opts": self.opts,
        }
        response = TemplateResponse(request, "admin/printqueue/key.html", context)
        response["Cache-Control"] = "no-store"
        return response

    @admin.action(description="Revoke: the key stops working within seconds", permissions=["change"])
    def revoke(self, request: HttpRequest, rows: QuerySet[PrinterKey]) -> None:
        self.do(request, rows, "Revoked", lambda key: key.revoke(timezone.now()))


@admin.register(Sample)
class SampleAdmin(ReadOnly):
    list_display = (
        "run", "at", "state", "progress", "layer", "remaining_seconds", "nozzle_c", "bed_c", "is_clamped", "follows_gap",
    )  # fmt: skip
    ordering = ("-pk",)
    list_filter = ("state", "is_clamped", "at")
    search_fields = ("run__file_name", "run__job__code")
    list_select_related = ("run__printer",)
    show_full_result_count = False


@admin.register(Transition)
class TransitionAdmin(ReadOnly):
    list_display = ("at", "job", "run", "old_state", "new_state", "reason", "user", "key")
    list_filter = ("new_state", "at", "user")
    search_fields = ("job__code", "run__file_name", "reason")
    list_select_related = ("job", "run__printer", "user", "key")
    date_hierarchy = "at"


@admin.register(RevisionCounter)
class RevisionCounterAdmin(ReadOnly):
    list_display = ("value", "epoch")
