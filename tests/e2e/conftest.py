"""A real browser, logged in as staff, on the shared server."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    ViewportSize,
    expect,
    sync_playwright,
)

from printqueue.models import PrintQueue
from tests.e2e import axe
from tests.e2e.chromium import chromium
from tests.factories import Client, make_job, make_key, make_printer
from tests.processes import ServeProcess

# Ample for a busy machine: what is promised in seconds is waited for by a test of its own.
expect.set_options(timeout=15_000)

HERE = Path(__file__).parent
DESK = ViewportSize(width=1280, height=800)
TOUCH = ViewportSize(width=800, height=480)

QUEUE = "/admin/print-queue/"
SPLINT = "splint_s6.gcode"

OpenPage = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker("browser")


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests of this folder. Its event loop runs in this thread, so it ends with the folder."""
    path = chromium()
    # Playwright's loop makes Django think that our plain calls of the database came from async code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=path)
            yield browser
            browser.close()
    finally:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def staff(transactional_db: None) -> User:
    """The person at the browser, who may do everything."""
    return get_user_model().objects.create_superuser("staff", password=None)


def log_in(context: BrowserContext, user: User, url: str) -> None:
    """Give the browser a session of `user` on the server at `url`."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    context.add_cookies([{"name": "sessionid", "value": str(session.session_key), "url": url, "httpOnly": True}])


@pytest.fixture
def open_page(browser: Browser, staff: User, server: ServeProcess) -> Iterator[OpenPage]:
    """`open_page(viewport=TOUCH, color_scheme="dark")`: a page of its own browser profile, logged in as staff.

    `server` and `user` replace the shared server and the staff user; `user=None` is nobody. Other arguments are
    Playwright's for a new context. A page on which a script broke, or which the content security policy stopped,
    fails its test.
    """
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            faults.append(message.text)

    def open_one(*, server: ServeProcess = server, user: User | None = staff, **arguments: object) -> Page:
        settings = {"base_url": server.url, "viewport": DESK, **arguments}
        context = browser.new_context(**settings)  # type: ignore[arg-type]  # passed on as they came
        context.set_default_timeout(90_000)  # three times the usual: machines are shared
        contexts.append(context)
        context.on("console", heard)
        context.on("weberror", lambda error: faults.append(str(error.error)))
        if user:
            log_in(context, user, server.url)
        return context.new_page()

    yield open_one
    for context in contexts:
        context.close()
    assert faults == []


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    """A desktop page, logged in as staff, not yet on any address; `page.goto("/admin/print-queue/")`."""
    return open_page()


def go(page: Page, address: str = QUEUE) -> Page:
    """Open `address` and return once the page is live."""
    page.goto(address)
    expect(page.locator("#live")).to_have_attribute("data-live", "live")
    return page


@pytest.fixture
def stay(page: Page) -> Iterator[Callable[[str], Page]]:
    """`stay(address)`: the live page at `address`; a test fails if the page is loaded a second time."""

    def stayed(address: str = QUEUE) -> Page:
        go(page, address).evaluate("window.isStillTheSame = true")
        return page

    yield stayed
    assert page.evaluate("window.isStillTheSame"), "the page was loaded again"


@pytest.fixture
def job(server: ServeProcess) -> PrintQueue:
    """A ready job, which a print of SPLINT finds."""
    return make_job(now=timezone.now(), design_name="Infinity Splint", print_file_name=SPLINT)


@pytest.fixture
def left(server: ServeProcess) -> Client:
    """Speaks, now, for the printer "Left P1S"."""
    printer = make_printer("left", name="Left P1S")
    return Client(printer, make_key(printer)[0], now=timezone.now())


def prints(client: Client, percent: float, *, state: str = "printing", file_name: str = SPLINT) -> None:
    """Have the printer report one and the same print, a minute for each percent and a hundred layers."""
    client.says(
        state, after_seconds=0, run_key="1@1", progress=percent, file_name=file_name,
        remaining_seconds=round(60 * (100 - percent)), layer=round(percent), total_layers=100,
    )  # fmt: skip


def row_of(page: Page, job: PrintQueue, group: str) -> Locator:
    """The job's row on the list, if it is in that group: on-a-printer, needs-a-person or ready."""
    return page.locator(f"#group-{group} tr[data-job='{job.pk}']")


@pytest.fixture(scope="session")
def axe_source() -> str:
    """The script of axe-core."""
    return axe.axe_source()


@pytest.fixture
def serious_violations(axe_source: str) -> Callable[[Page], list[str]]:
    """`serious_violations(page)`: what axe-core finds serious or critical on the page as it stands, light and dark.

    The page is one of `open_page(bypass_csp=True)`: axe-core sets inline styles to measure with.
    """

    def in_both_themes(page: Page) -> list[str]:
        page.emulate_media(color_scheme="light", reduced_motion="reduce")  # colours change at once
        light = axe.serious_violations(page, axe_source)
        page.emulate_media(color_scheme="dark")
        # Nothing but the colours differs.
        return light + [f"dark: {fault}" for fault in axe.serious_violations(page, axe_source, ("color-contrast",))]

    return in_both_themes
