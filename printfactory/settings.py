"""Django settings. Every environment variable read here is described in docs/settings.md."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from printfactory import environment
from printfactory.address import bracketed, public_url, time_zone
from printfactory.alerting import alert_schemes, email_url
from printfactory.database import SQLITE, database
from printfactory.secret import kept_secret

BASE_DIR = Path(__file__).resolve().parent.parent

# What the operator decides

DEBUG = environment.boolean("DEBUG", default=False)
TIME_ZONE = time_zone(environment.text("TIME_ZONE", "UTC"))

DATA_DIR = Path(environment.text("DATA_DIR", str(BASE_DIR / "var"))).absolute()
try:
    DATA_DIR.mkdir(parents=True, exist_ok=True)
except OSError as error:
    raise ImproperlyConfigured(f"DATA_DIR is {str(DATA_DIR)!r}, but cannot be made: {error.strerror}.") from error

DATABASES = {"default": database(environment.text("DATABASE_URL"), DATA_DIR)}

SECRET_KEY = environment.text("SECRET_KEY")
if not SECRET_KEY and DATABASES["default"]["ENGINE"] != SQLITE:
    raise ImproperlyConfigured(
        "SECRET_KEY is not set, but must be with PostgreSQL, where several servers share it; "
        'make one with: python3 -c "import secrets; print(secrets.token_urlsafe(64))"'
    )
SECRET_KEY = SECRET_KEY or kept_secret(DATA_DIR / "secret_key")

# `serve --bind` and `--port` arrive here too: manage.py writes them into the environment first.
BIND = environment.text("BIND", "127.0.0.1")
PORT = environment.integer("PORT", 8000, least=1, most=65535)
PUBLIC = public_url(environment.text("PUBLIC_URL", f"http://{bracketed(BIND)}:{PORT}"))
PUBLIC_URL = PUBLIC.origin
ALLOWED_HOSTS = environment.words("ALLOWED_HOSTS") or [
    *dict.fromkeys(["localhost", "127.0.0.1", "[::1]", bracketed(BIND), PUBLIC.host])
]
TRUSTED_PROXIES = environment.integer("TRUSTED_PROXIES", 0, least=0, most=10)

KEY_RATE = environment.integer("KEY_RATE", 10, least=1, most=100_000)  # requests a second, per key
KEY_BURST = environment.integer("KEY_BURST", 40, least=1, most=1_000_000)  # requests at once, per key

STREAMS = environment.integer("STREAMS", 1000, least=1, most=100_000)  # open event streams of one server
STREAMS_PER_USER = environment.integer("STREAMS_PER_USER", 50, least=1, most=100_000)  # and of one user or key

SAMPLES_KEPT_DAYS = environment.integer("SAMPLES_KEPT_DAYS", 90, least=1, most=36_500)

# Minutes until a print counts as stalled, unless its printer has limits of its own; 0 for never.
STALL_SILENT_MINUTES = environment.integer("STALL_SILENT_MINUTES", 5, least=0, most=10_080)
STALL_STILL_MINUTES = environment.integer("STALL_STILL_MINUTES", 20, least=0, most=10_080)
STALL_PAUSED_MINUTES = environment.integer("STALL_PAUSED_MINUTES", 60, least=0, most=10_080)

ALERT_SCHEMES = alert_schemes(environment.words("ALERT_SCHEMES"))
ALERT_PRIVATE_TARGETS = environment.boolean("ALERT_PRIVATE_TARGETS", default=False)
ALERT_CUSTOMER_DETAILS = environment.boolean("ALERT_CUSTOMER_DETAILS", default=False)
ALERT_UNMATCHED_MINUTES = environment.integer("ALERT_UNMATCHED_MINUTES", 10, least=1, most=10_080)
ALERT_SEND_SECONDS = environment.integer("ALERT_SEND_SECONDS", 30, least=1, most=300)  # until a send is given up
ALERT_RETRY_SECONDS = environment.integer("ALERT_RETRY_SECONDS", 30, least=1, most=3_600)  # until the second attempt
EMAIL_URL = email_url(environment.text("EMAIL_URL"))

LOG_FORMAT = environment.choice("LOG_FORMAT", ("plain", "json"))

# The application

INSTALLED_APPS = [
    "printqueue",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "ninja",  # serves the API page's own scripts; without it they come from a CDN
    "django_htmx",
    "csp",
    "axes",
]
# django_eventstream is no installed app: that would make the tables of its model storage, which loses and
# repeats events. printqueue.live uses it as a library.
EVENTSTREAM_STORAGE_CLASS = "printqueue.live.storage.RevisionStorage"

MIDDLEWARE = [
    "printqueue.proxies.TrustedProxies",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "printqueue.compression.CompressedAnswers",  # in Django's GZipMiddleware streams would get stuck
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "printfactory.urls"
ASGI_APPLICATION = "printfactory.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True

# Static files

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "printfactory.staticfiles.HashedStaticFiles"},
}

# Who comes in

LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/admin/print-queue/"
LOGOUT_REDIRECT_URL = "login"

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

# By name and address together: a stranger who knows a name cannot lock its owner out.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=10)
AXES_RESET_ON_SUCCESS = True
AXES_HTTP_RESPONSE_CODE = 429
AXES_LOCKOUT_TEMPLATE = "registration/locked_out.html"
AXES_VERBOSE = False
# REMOTE_ADDR is right already: printqueue.proxies has seen to it.
AXES_IPWARE_META_PRECEDENCE_ORDER = ["REMOTE_ADDR"]

# What travels

SESSION_COOKIE_SECURE = PUBLIC.is_https
CSRF_COOKIE_SECURE = PUBLIC.is_https
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if PUBLIC.is_https else []
SECURE_HSTS_SECONDS = 31_536_000 if PUBLIC.is_https else 0
SECURE_SSL_REDIRECT = PUBLIC.is_https
# A redirected PUT would come back as a GET, and a health check asks from inside, without TLS.
SECURE_REDIRECT_EXEMPT = [r"^api/", r"^healthz$", r"^readyz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
USE_X_FORWARDED_HOST = TRUSTED_PROXIES > 0
X_FRAME_OPTIONS = "DENY"
# Subdomains and the browsers' preload list are not ours to promise for a whole domain, and cannot be taken back.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    },
}

# Logging

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"},
        "json": {"()": "printqueue.logs.JsonFormatter"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    # Django's own handlers are for DEBUG only or send mail; everything goes the one way above.
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        # Its news are of how it listens, which `serve` says in plainer words.
        "daphne": {"level": "WARNING"},
        "axes": {"level": "WARNING"},  # below it, four lines for each log-in
        "django_eventstream": {"level": "WARNING"},  # and of each listener it has
    },
}
