"""The configuration file: what it may say, and how it says no."""

import pytest

from printqueue.client.config import BambuPrinter, MoonrakerPrinter, PrusaLinkPrinter, SimulatedPrinter, Tls, load
from printqueue.client.toml_table import ConfigError
from tests.client.certificates import Authority

pytestmark = pytest.mark.sqlite_only

HEAD = 'server = "https://queue.example/"\nkey = "pf_ab_cd"\n'
SIMULATED = '[[printer]]\nserial = "sim-1"\ndriver = "simulated"\n'
MOONRAKER = '[[printer]]\nserial = "voron-1"\ndriver = "moonraker"\nurl = "http://192.0.2.11:7125/"\n'
PRUSALINK = '[[printer]]\nserial = "mk4-1"\ndriver = "prusalink"\nurl = "http://192.0.2.12"\n'
BAMBU = '[[printer]]\nserial = "01P00A000000000"\ndriver = "bambu"\nhost = "192.0.2.10"\n'


@pytest.fixture
def read(tmp_path):
    """`read(text)`: the configuration of a client.toml with this text."""

    def load_text(text):
        path = tmp_path / "client.toml"
        path.write_text(text, encoding="utf-8")
        return load(path)

    return load_text


@pytest.fixture
def refusal(read):
    """`refusal(text)`: the sentence with which this text is refused."""

    def refused(text):
        with pytest.raises(ConfigError) as caught:
            read(text)
        return str(caught.value)

    return refused


def test_a_short_file_is_filled_up_with_defaults(read, tmp_path):
    config = read(HEAD + SIMULATED)

    assert (config.server, config.poll_seconds) == ("https://queue.example", 5.0)
    assert config.spool == tmp_path / "spool.sqlite3"
    assert config.printers == (SimulatedPrinter("sim-1", None, ("sim-1.gcode",)),)


def test_a_bambu_printer_is_pinned_by_any_spelling_of_the_fingerprint(read):
    config = read(HEAD + BAMBU + 'access_code = "12345678"\ntls = "pin"\ntls_sha256 = "' + ":".join(["AB"] * 32) + '"')

    assert config.printers == (
        BambuPrinter("01P00A000000000", None, "192.0.2.10", 8883, "12345678", Tls("pin", sha256="ab" * 32)),
    )


def test_verification_wants_the_authority_s_file_beside_the_configuration(read, tmp_path):
    (tmp_path / "printer.cer").write_bytes(Authority.create().pem)

    [printer] = read(HEAD + BAMBU + 'access_code = "12345678"\ntls_ca = "printer.cer"').printers

    assert printer.tls == Tls("verify", ca_file=tmp_path / "printer.cer")


def test_an_authority_s_file_without_certificates_is_refused(refusal, tmp_path):
    (tmp_path / "printer.cer").write_text("not a certificate")

    assert "`tls_ca` is not usable; expected a file with certificates (PEM)" in refusal(
        HEAD + BAMBU + 'access_code = "12345678"\ntls_ca = "printer.cer"'
    )


HTTPS = [
    text.replace("http:", "https:") + 'api_key = "k"\n'
    for text in (MOONRAKER, PRUSALINK, MOONRAKER.replace('"moonraker"', '"octoprint"'))
]


@pytest.mark.parametrize("printer", HTTPS)
def test_an_https_printer_proves_itself_by_its_authority_by_its_fingerprint_or_as_a_website(read, tmp_path, printer):
    (tmp_path / "ca.pem").write_bytes(Authority.create().pem)
    pin = f'tls = "pin"\ntls_sha256 = "{"ab" * 32}"\n'

    found = [read(HEAD + printer + how).printers[0].tls for how in ('tls_ca = "ca.pem"\n', pin, "")]

    assert found == [Tls("verify", ca_file=tmp_path / "ca.pem"), Tls("pin", sha256="ab" * 32), Tls("verify")]


@pytest.mark.parametrize("key", ['tls = "verify"', 'tls_ca = "ca.pem"', 'tls_sha256 = "00"'])
def test_a_certificate_is_not_spoken_of_where_there_is_none(refusal, key):
    assert 'expected it only beside a `url` that begins with "https://"' in refusal(HEAD + MOONRAKER + key)


def test_an_https_printer_s_certificate_is_never_left_unchecked(refusal):
    assert 'expected one of "verify", "pin"' in refusal(HEAD + HTTPS[0] + 'tls = "off"\n')


def test_moonraker_needs_no_key_where_it_trusts_the_client(read):
    config = read(HEAD + MOONRAKER)

    assert config.printers == (MoonrakerPrinter("voron-1", None, "http://192.0.2.11:7125", None),)


def test_prusalink_takes_a_key_or_a_name_and_a_password(read, tmp_path):
    (tmp_path / "password").write_text("secret\n")
    by_password = 'username = "maker"\npassword_file = "password"\n'

    config = read(HEAD + PRUSALINK + 'api_key = "k"\n' + PRUSALINK.replace("mk4-1", "mk4-2") + by_password)

    assert config.printers == (
        PrusaLinkPrinter("mk4-1", None, "http://192.0.2.12", "k"),
        PrusaLinkPrinter("mk4-2", None, "http://192.0.2.12", None, "maker", "secret"),
    )


def test_no_secret_is_shown_when_a_configuration_is_printed(read):
    config = read(HEAD + PRUSALINK + 'username = "maker"\npassword = "hush"\n' + MOONRAKER + 'api_key = "hush"\n')

    assert "hush" not in repr(config)


def test_each_secret_may_be_in_a_file(read, tmp_path):
    (tmp_path / "key").write_text("pf_ab_file\n")
    (tmp_path / "code").write_text("87654321\n")

    config = read(
        'server = "http://127.0.0.1:8000"\nkey_file = "key"\n' + BAMBU + 'access_code_file = "code"\ntls = "off"'
    )

    assert (config.key, config.printers[0].access_code) == ("pf_ab_file", "87654321")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("server = ", "client.toml: is not TOML: "),
        ('key = "k"\nserver = \n', "client.toml: is not TOML: Invalid value (at line 2,"),
        (
            HEAD + '\nserver = "https://again.example"\n',
            "client.toml: is not TOML: Cannot overwrite a value (at line 4,",
        ),
        (HEAD + "[[printer]\n", "is not TOML: Expected ']]' at the end of an array declaration (at line 3,"),
        ("server = 5\n" + HEAD.splitlines()[1] + "\n" + SIMULATED, "`server` is not usable; expected a text of 1 to"),
        (HEAD + "spool = true\n" + SIMULATED, "`spool` is not usable; expected a text of 1 to 4096 characters"),
        (HEAD.replace("pf_ab_cd", "pf ab") + SIMULATED, "`key` is not usable; expected printable ASCII characters"),
        (
            'server = "https://q.example"\nkey_file = "no"\n' + SIMULATED,
            "`key_file` is not usable; expected a file; the",
        ),
        (HEAD + "printer = 3\n", "`printer` is not usable; expected at least one [[printer]]"),
        (HEAD + SIMULATED.replace('"sim-1"', "1"), "printer 1: `serial` is not usable; expected a text of 1 to 64"),
        (HEAD + '[[printer]]\nserial = "A1"\n', "printer 1 (A1): `driver` is missing; expected one of"),
        (
            HEAD + BAMBU + 'port = 0\naccess_code = "1"\n',
            "`port` is not usable; expected a whole number from 1 to 65535",
        ),
        (
            HEAD + BAMBU + 'access_code = "1"\ntls = "none"\n',
            '`tls` is not usable; expected one of "verify", "pin", "o',
        ),
        (HEAD + SIMULATED + 'repeat = "no"\n', "`repeat` is not usable; expected true or false"),
        ('key = "pf_ab_cd"\n' + SIMULATED, "`server` is missing"),
        ('server = "queue.example"\nkey = "pf_ab_cd"\n' + SIMULATED, "`server` is not usable; expected the base URL"),
        ('server = "https://q.example"\n' + SIMULATED, "expected either `key` or `key_file`, and not both"),
        (HEAD + 'key_file = "x"\n' + SIMULATED, "expected either `key` or `key_file`, and not both"),
        (HEAD + "poll_seconds = 0\n" + SIMULATED, "`poll_seconds` is not usable; expected a number from 0.1 to 60"),
        (HEAD + "poll_seconds = true\n" + SIMULATED, "`poll_seconds` is not usable"),
        (HEAD + "spool_megabytes = 1\n" + SIMULATED, "`spool_megabytes` is not usable; expected a number from 5 to"),
        (HEAD + "pol_seconds = 5\n" + SIMULATED, "unknown key `pol_seconds`. Known here: server, key_file, key, poll"),
        (HEAD, "`printer` is missing; expected at least one [[printer]]"),
        (HEAD + SIMULATED + "sped = 2\n", "client.toml, printer 1 (sim-1): unknown key `sped`"),
        (HEAD + SIMULATED + "speed = inf\n", "`speed` is not usable; expected a number from 0.01 to 10000"),
        (HEAD + SIMULATED + 'outcome = "good"\n', 'expected one of "completed", "failed", "cancelled"'),
        (HEAD + SIMULATED + "files = []\n", "`files` is not usable; expected a list of one text or more"),
        (
            HEAD + SIMULATED.replace("simulated", "marlin"),
            '`driver` is not usable; expected one of "bambu", "moonraker"',
        ),
        (HEAD + MOONRAKER.replace("http://", ""), "`url` is not usable; expected the address of the printer as a URL"),
        (HEAD + MOONRAKER + 'api_key = "a"\napi_key_file = "b"\n', "either `api_key` or `api_key_file`, and not both"),
        (HEAD + MOONRAKER + 'username = "maker"\n', "printer 1 (voron-1): unknown key `username`"),
        (HEAD + PRUSALINK, "`api_key` is missing; expected either `api_key`, or `username` and `password`"),
        (HEAD + PRUSALINK + 'api_key = "k"\npassword = "p"\n', "expected either `api_key`, or `username` and `passw"),
        (HEAD + PRUSALINK + 'password = "p"\n', "`username` is missing; expected the user name that goes with"),
        (HEAD + SIMULATED + SIMULATED, "two [[printer]] have the serial `sim-1`"),
        (HEAD + BAMBU, "expected either `access_code` or `access_code_file`"),
        (HEAD + BAMBU + 'access_code = "1"\n', "`tls_ca` is missing"),
        (
            HEAD + BAMBU + 'access_code = "1"\ntls_ca = "no.cer"\n',
            "`tls_ca` is not usable; expected a file; there is none at",
        ),
        (HEAD + BAMBU + 'access_code = "1"\ntls = "pin"\ntls_sha256 = "12"\n', "expected the SHA-256 of the printer's"),
        (
            HEAD + BAMBU.replace("01P00A", "01P 0A"),
            "`serial` is not usable; expected the serial as the printer shows it",
        ),
    ],
)
def test_what_is_wrong_is_named_with_file_key_and_expectation(refusal, text, words):
    sentence = refusal(text)

    assert words in sentence
    assert "client.toml" in sentence


@pytest.mark.parametrize(
    "host", ["192.0.2.10", "2001:db8::5", "fe80::1%eth0", "p1s", "printer_1.local", "drucker-küche.local", "a.example."]
)
def test_a_host_is_an_address_or_a_name(read, host):
    [printer] = read(HEAD + BAMBU.replace("192.0.2.10", host) + 'access_code = "1"\ntls = "off"\n').printers

    assert printer.host == host


@pytest.mark.parametrize("host", ["a..b", ".", "a" * 64, "192.0.2.10:8883", "http://192.0.2.10", "a b", "a/b", "ü..b"])
def test_a_host_that_no_connection_can_be_made_to_is_refused(refusal, host):
    sentence = refusal(HEAD + BAMBU.replace("192.0.2.10", host) + 'access_code = "1"\ntls = "off"\n')

    assert "client.toml, printer 1 (01P00A000000000): `host` is not usable; expected an IP address or" in sentence


@pytest.mark.parametrize("address", ["a..b", "a b", "[::1", "q.example:port", "q.example:99999"])
def test_a_server_address_that_no_call_can_be_made_to_is_refused(refusal, address):
    assert "`server` is not usable" in refusal(f'server = "http://{address}"\nkey = "k"\n' + SIMULATED)


@pytest.mark.parametrize("address", ["localhost:8000", "[::1]:8000", "192.0.2.1", "queue.example/sub"])
def test_a_server_address_may_have_a_port_and_a_path(read, address):
    assert read(f'server = "http://{address}"\nkey = "k"\n' + SIMULATED).server == f"http://{address}"


def test_a_file_that_is_not_there_is_said_in_words(tmp_path):
    with pytest.raises(ConfigError, match="absent.toml: cannot be read: No such file"):
        load(tmp_path / "absent.toml")


def test_a_secret_is_never_in_the_refusal_nor_in_the_repr(refusal, read):
    config = read(HEAD + BAMBU + 'access_code = "12345678"\ntls = "off"')

    assert "sec ret" not in refusal('server = "https://q.example"\nkey = "sec ret"\n' + SIMULATED)
    assert "pf_ab_cd" not in repr(config)
    assert "12345678" not in repr(config)


@pytest.fixture
def everyone_may_read(tmp_path):
    """A configuration and a key file with these permissions; what the client warns of, and the files."""

    def write(key_in_file, config_mode, key_mode):
        config, key = tmp_path / "client.toml", tmp_path / "key"
        key.write_text("pf_ab_file\n")
        key.chmod(key_mode)
        line = 'key_file = "key"\n' if key_in_file else 'key = "pf_ab_cd"\n'
        config.write_text('server = "https://q.example"\n' + line + SIMULATED)
        config.chmod(config_mode)
        return [warning.split(":")[0] for warning in load(config).warnings]

    return write


@pytest.mark.parametrize(
    ("key_in_file", "config_mode", "key_mode", "warned_of"),
    [
        (True, 0o644, 0o640, []),
        (True, 0o640, 0o644, ["key"]),
        (False, 0o644, 0o600, ["client.toml"]),
        (False, 0o640, 0o644, []),
    ],
)
def test_a_secret_that_everyone_can_read_is_warned_of(
    everyone_may_read, tmp_path, key_in_file, config_mode, key_mode, warned_of
):
    assert everyone_may_read(key_in_file, config_mode, key_mode) == [str(tmp_path / name) for name in warned_of]


def test_a_warning_says_how_to_mend_it(read, tmp_path):
    (tmp_path / "client.toml").touch(0o644)

    assert read(HEAD + SIMULATED).warnings[0].endswith(f"Run: chmod o= {tmp_path / 'client.toml'}")


def test_all_secrets_of_a_configuration_are_known(read):
    config = read(
        HEAD
        + (BAMBU + 'access_code = "12345678"\ntls = "off"\n')
        + (MOONRAKER + 'api_key = "mk"\n')
        + (PRUSALINK + 'username = "maker"\npassword = "pw"\n')
        + '[[printer]]\nserial = "e"\ndriver = "octoprint"\nurl = "http://192.0.2.12"\napi_key = "ok"\n'
    )

    assert config.secrets == {"pf_ab_cd", "12345678", "mk", "pw", "ok"}


def test_octoprint_answers_nobody_without_a_key(tmp_path):
    path = tmp_path / "client.toml"
    head = 'server = "https://q.example"\nkey = "k"\n[[printer]]\nserial = "ender-1"\ndriver = "octoprint"\n'
    path.write_text(head + 'url = "http://192.0.2.12:5000/"\n')

    with pytest.raises(ConfigError, match=r"printer 1 \(ender-1\): `api_key` is missing"):
        load(path)
