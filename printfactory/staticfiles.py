"""Static files under names that hold their hash."""

from django.contrib.staticfiles.storage import HashedFilesMixin
from whitenoise.storage import CompressedManifestStaticFilesStorage

_, IMPORTS = HashedFilesMixin._js_module_import_aggregation_patterns  # type: ignore[attr-defined]  # unknown to the stubs


class HashedStaticFiles(CompressedManifestStaticFilesStorage):
    """Rewrites `import "./other.js"` in our modules too: an unhashed one would be stale after an upgrade.

    Django's own switch for this, support_js_module_import_aggregation, does it to the scripts of libraries as well,
    where it takes imports in comments for real ones and stops.
    """

    patterns = (*CompressedManifestStaticFilesStorage.patterns, ("js/*.js", IMPORTS))
