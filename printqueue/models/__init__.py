"""The domain: what is wanted (jobs), what is observed (runs), and at which machines."""

from printqueue.live.revisions import RevisionCounter
from printqueue.models.alert import Alert, AlertAttempt, AlertState, AttemptOutcome
from printqueue.models.alert_rule import AlertRule, AlertTarget
from printqueue.models.fact import Fact, FactKind
from printqueue.models.job import PrintQueue, RevisionConflict
from printqueue.models.job_state import Attention, JobState
from printqueue.models.key import PrinterKey
from printqueue.models.listening import Listening
from printqueue.models.locks import Busy
from printqueue.models.periodic import PeriodicTask
from printqueue.models.printer import Printer, PrinterState
from printqueue.models.run import PrintRun, RunSource, RunState
from printqueue.models.sample import Sample
from printqueue.models.transition import PRINTFACTORY, InvalidTransition, Transition, Who

__all__ = [
    "PRINTFACTORY",
    "Alert",
    "AlertAttempt",
    "AlertRule",
    "AlertState",
    "AlertTarget",
    "AttemptOutcome",
    "Attention",
    "Busy",
    "Fact",
    "FactKind",
    "InvalidTransition",
    "JobState",
    "Listening",
    "PeriodicTask",
    "PrintQueue",
    "PrintRun",
    "Printer",
    "PrinterKey",
    "PrinterState",
    "RevisionConflict",
    "RevisionCounter",
    "RunSource",
    "RunState",
    "Sample",
    "Transition",
    "Who",
]
