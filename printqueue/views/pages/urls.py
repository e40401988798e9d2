"""The addresses of the pages. The word after the number of a job or run, or the serial of a printer, is the verb, everywhere from the button to the test."""

from django.urls import path

from printqueue.views.pages import chart, edit, estimates, job, naming, printer, queue, runs, tray, verbs

app_name = "pages"

urlpatterns = [
    path("", queue.print_queue, name="list"),
    path("printers/", queue.printers, name="printers"),
    path("printers/<path:serial>/edit/", printer.edit_printer, name="edit-printer"),
    path("printers/<path:serial>/", printer.printer, name="printer"),
    path("tray/", tray.tray, name="tray"),
    path("estimates/", estimates.estimates, name="estimates"),
    path("naming/", naming.naming, name="naming"),
    path("new/", edit.new, name="new"),
    path("<int:pk>/", job.job, name="job"),
    path("<int:pk>/chart/", chart.chart, name="chart"),
    path("<int:pk>/chart.json", chart.chart_json, name="chart-json"),
    path("<int:pk>/chart.csv", chart.chart_csv, name="chart-csv"),
    path("<int:pk>/edit/", edit.edit, name="edit"),
    path("<int:pk>/print-again/", edit.print_again, name="print-again"),
    path("<int:pk>/start/", verbs.start, name="start"),
    path("<int:pk>/complete/", verbs.complete, name="complete"),
    path("<int:pk>/fail/", verbs.fail, name="fail"),
    path("<int:pk>/cancel/", verbs.cancel, name="cancel"),
    path("<int:pk>/retry/", verbs.retry, name="retry"),
    path("<int:pk>/reopen/", verbs.reopen, name="reopen"),
    path("<int:pk>/up/", verbs.up, name="up"),
    path("<int:pk>/down/", verbs.down, name="down"),
    path("<int:pk>/hide/", verbs.hide, name="hide"),
    path("<int:pk>/show/", verbs.show, name="show"),
    path("runs/<int:pk>/link/", runs.link, name="link"),
    path("runs/<int:pk>/unlink/", runs.unlink, name="unlink"),
    path("runs/<int:pk>/new-job/", runs.new_job, name="new-job"),
    path("runs/<int:pk>/not-ours/", runs.not_ours, name="not-ours"),
    path("runs/<int:pk>/ours/", runs.ours, name="ours"),
]
