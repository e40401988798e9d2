"""The one way in: a report becomes run, sample, transition, job progress and printer state, in one transaction."""

from printqueue.reports.messages import Conflict, Invalid, Outcome, Progress, Report, Stored
from printqueue.reports.progress import put_progress
from printqueue.reports.reception import receive

__all__ = ["Conflict", "Invalid", "Outcome", "Progress", "Report", "Stored", "put_progress", "receive"]
