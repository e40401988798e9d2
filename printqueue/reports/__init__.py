"""The one way in: a report becomes run, sample, transition, job progress and printer state, in one transaction."""

from printqueue.reports.messages import Conflict, Invalid, Outcome, Progress, Report, Stored
from printqueue.reports.progress import put_progress
from printqueue.reports.receiving import receive, receive_all

__all__ = ["Conflict", "Invalid", "Outcome", "Progress", "Report", "Stored", "put_progress", "receive", "receive_all"]
