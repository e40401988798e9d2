"""The broker inside a Bambu printer, played by amqtt in a process of its own: `python -m tests.client.broker_process`.

The settings come as one JSON object on standard input: port, certfile, keyfile, access_code, feeder_password.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import dataclass
from typing import Any

from amqtt.broker import Broker
from amqtt.contexts import Action
from amqtt.plugins.base import BaseAuthPlugin, BaseTopicPlugin
from amqtt.session import Session

HERE = "tests.client.broker_process"


class PrinterLogin(BaseAuthPlugin):
    """Lets in `bblp` with the access code, and the feeder that plays the printer."""

    @dataclass
    class Config:
        access_code: str
        feeder_password: str

    async def authenticate(self, *, session: Session) -> bool:
        accounts = {"bblp": self.config.access_code, "feeder": self.config.feeder_password}
        return session.password is not None and accounts.get(session.username or "") == session.password


class PrinterTopics(BaseTopicPlugin):
    """What `bblp` may do at a real printer: read reports, write requests."""

    async def topic_filtering(
        self, *, session: Session | None = None, topic: str | None = None, action: Action | None = None
    ) -> bool:
        if session is None or session.username == "feeder":
            return True
        if action == Action.SUBSCRIBE and (topic or "").endswith("/request"):
            os._exit(1)  # real ones cut the connection; no test gets past this
        wanted = "/request" if action == Action.PUBLISH else "/report"
        return (topic or "").endswith(wanted)


async def serve(settings: dict[str, Any]) -> None:
    listener = {
        "type": "tcp",
        "bind": f"127.0.0.1:{settings['port']}",
        "ssl": True,
        "certfile": settings["certfile"],
        "keyfile": settings["keyfile"],
    }
    login = {"access_code": settings["access_code"], "feeder_password": settings["feeder_password"]}
    plugins = {f"{HERE}.PrinterLogin": login, f"{HERE}.PrinterTopics": {}}
    await Broker({"listeners": {"default": listener}, "plugins": plugins}).start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(json.loads(sys.stdin.readline())))
