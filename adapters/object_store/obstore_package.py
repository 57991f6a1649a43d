"""Whether obstore is there, which not every installation has."""

from collections.abc import Callable
from importlib.util import find_spec

from domain.errors import Fault, SettingsInvalid


def require_obstore(find: Callable[[str], object] = find_spec) -> None:
    """Return if obstore is installed. `find` gives None for a package that is not.

    Raises:
        SettingsInvalid: it is not; the message says how to get it.
    """
    if find("obstore") is None:
        reason = (
            "of s3, gcs or azure needs the package obstore, which is not installed: install the locked requirements "
            "(requirements/install.sh), or rebuild the image"
        )
        fault = Fault("STORAGE_BACKEND", reason)
        message = f"Wrong settings: {fault}"
        raise SettingsInvalid(message, faults=(fault,))
