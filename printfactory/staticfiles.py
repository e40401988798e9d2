"""Static files under names that hold their hash."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticFiles(CompressedManifestStaticFilesStorage):
    """Rewrites `import "./other.js"` too: an unhashed module would be stale in browsers after an upgrade."""

    support_js_module_import_aggregation = True
