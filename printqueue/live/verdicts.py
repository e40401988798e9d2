"""Whether viewers may watch on: asked once for all streams that were let in by the same session or key."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from typing import Final

from printqueue.live.reading import in_thread
from printqueue.live.viewer import Viewer

KEPT_FOR: Final = 4.0
"""Seconds for which an answer serves other streams too. What it adds to their own rhythm stays below 35 s."""


class Verdicts:
    """The answers of the last few seconds, and the questions under way, of one event loop."""

    def __init__(self) -> None:
        self._answers: dict[Hashable, asyncio.Task[bool]] = {}

    async def still_allowed(self, viewer: Viewer) -> bool:
        """Return what `viewer.still_allowed` returns; raise what it raises."""
        if viewer.credential is None:
            return await in_thread(viewer.still_allowed)
        answer = self._answers.get(viewer.credential)
        if answer is None:
            answer = asyncio.create_task(in_thread(viewer.still_allowed))
            self._answers[viewer.credential] = answer
            asyncio.get_running_loop().call_later(KEPT_FOR, self._answers.pop, viewer.credential, None)
        # One stream that ends must not take the answer from the others.
        return await asyncio.shield(answer)
