"""Printers that speak https: a real server shows good and bad certificates, and each family looks at them alike."""

import hashlib
import ssl

import pytest

from printqueue.client.config import MoonrakerPrinter, OctoPrintPrinter, PrusaLinkPrinter, Tls
from printqueue.client.drivers.moonraker import moonraker_driver
from printqueue.client.drivers.octoprint import octoprint_driver
from printqueue.client.drivers.prusalink import prusalink_driver
from tests.client.certificates import Authority
from tests.client.drivers.compose_http_prints import klipper, moonraker, prusalink
from tests.client.drivers.printer_server import printer_server
from tests.client.octoprint_answers import OPERATIONAL, job
from tests.processes import free_port, wait_for

pytestmark = pytest.mark.sqlite_only

OCTOPRINT = {"/api/job": (200, job("Operational", None)), "/api/printer": (200, OPERATIONAL)}
FAMILIES = [
    (moonraker_driver, MoonrakerPrinter, moonraker(klipper("standby"))),
    (octoprint_driver, OctoPrintPrinter, OCTOPRINT),
    (prusalink_driver, PrusaLinkPrinter, prusalink("IDLE")),
]
HOST = "127.0.0.1"


def first_trouble(driver):
    """What a driver says of its printer as soon as it knows of it."""
    driver.start()
    wait_for(driver.is_known)
    driver.stop()
    return driver.trouble()


@pytest.fixture(scope="module")
def authority():
    return Authority.create()


@pytest.fixture
def certified(tmp_path):
    """`certified(authority, host, days)`: the context of a server with such a certificate, and its SHA-256."""

    def context(authority, host=HOST, days=1.0):
        certificate, key = authority.issue_for(host, days=days)
        (tmp_path / "server.pem").write_bytes(certificate)
        (tmp_path / "server.key").write_bytes(key)
        served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        served.load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")
        return served, hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate.decode())).hexdigest()

    return context


@pytest.fixture
def by_authority(tmp_path):
    """`by_authority(authority)`: verification by the file of that authority."""

    def verify(authority):
        (tmp_path / "ca.pem").write_bytes(authority.pem)
        return Tls("verify", ca_file=tmp_path / "ca.pem")

    return verify


@pytest.fixture(params=FAMILIES, ids=lambda family: family[0].__name__)
def look(request):
    """`look(served, tls)`: what a driver says of a printer behind this certificate, and what the printer was asked."""

    watch, configured, replies = request.param

    def look_at(served, tls):
        with printer_server(served) as server:
            server.replies = {path: tuple(reply) for path, reply in replies.items()}
            return first_trouble(watch(configured("p-1", None, server.url, "k", tls=tls), None)), server.questions

    return look_at


def test_a_certificate_of_the_named_authority_is_good(look, certified, authority, by_authority):
    trouble, questions = look(certified(authority)[0], by_authority(authority))

    assert trouble is None
    assert questions


def test_the_pinned_certificate_is_good_whatever_it_names_and_however_old_it_is(look, certified, authority):
    served, sha256 = certified(authority, host="192.0.2.1", days=-1)

    assert look(served, Tls("pin", sha256=sha256))[0] is None


def test_a_certificate_of_another_authority_is_refused_before_the_key_is_sent(look, certified, by_authority, authority):
    trouble, questions = look(certified(Authority.create())[0], by_authority(authority))

    assert "is not signed by" in trouble
    assert "name the file of its authority as `tls_ca`" in trouble
    assert questions == []


def test_another_certificate_than_the_pinned_one_is_refused_and_shown_before_the_key_is_sent(
    look, certified, authority
):
    served, sha256 = certified(authority)

    trouble, questions = look(served, Tls("pin", sha256="0" * 64))

    assert f"shows another certificate than tls_sha256 names (its SHA-256 is {sha256})" in trouble
    assert questions == []


def test_a_certificate_that_has_expired_is_told_with_the_clock_in_mind(look, certified, authority, by_authority):
    trouble, questions = look(certified(authority, days=-1)[0], by_authority(authority))

    assert "is out of date (certificate has expired): is the clock of this computer right?" in trouble
    assert questions == []


def test_a_certificate_for_another_host_is_told(look, certified, authority, by_authority):
    trouble, questions = look(certified(authority, host="192.0.2.1")[0], by_authority(authority))

    assert "names another host: put the name that it is for into `url`" in trouble
    assert questions == []


def test_without_a_file_only_authorities_that_this_computer_knows_count(look, certified, authority):
    trouble, questions = look(certified(authority)[0], Tls("verify"))

    assert "is not signed by an authority that this computer knows" in trouble
    assert questions == []


def test_https_to_a_port_that_speaks_http_is_told():
    with printer_server() as server:
        url = server.url.replace("http:", "https:")

        trouble = first_trouble(moonraker_driver(MoonrakerPrinter("voron-1", None, url), None))

    assert "printers mostly speak http, check `url`" in trouble


def test_nobody_at_the_port_is_no_matter_of_certificates():
    printer = MoonrakerPrinter("voron-1", None, f"https://{HOST}:{free_port()}")

    assert "cannot be reached" in first_trouble(moonraker_driver(printer, None))
