"""Values of settings from the environment and from flags, and the earlier names of settings."""

import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from personalize.errors import SettingsError
from personalize.settings.values import parsed

PREFIX = "PALATE_"
"""Prefix of the environment variables."""

log = logging.getLogger(__name__)
RENAMED = {"words": "max_tokens", "pleasant": "liked_share", "ahead": "lookahead_rounds"}
"""Present names of settings by their earlier names, which still work."""

_OF_A_SERVICE = re.compile(
    r"([A-Z0-9_]+_)?(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)"
)
"""Variables that Kubernetes gives every pod for a Service, after the Service's name and an underscore."""

_PORT_OF_A_SERVICE = re.compile(r"(tcp|udp|sctp)://.+")


def values_from(
    environ: Mapping[str, str], overrides: Mapping[str, object], kinds: Mapping[str, Any]
) -> dict[str, object]:
    """The values of settings that are given, by name.

    Args:
        environ: the environment variables.
        overrides: values that replace those of variables, as text or with the type of the setting.
        kinds: the type of every setting.

    Raises:
        SettingsError: a PALATE_* variable or an override has an unknown name, or a text is no value.
    """
    values: dict[str, object] = {}
    for variable, text in _written_by_people(environ).items():
        name = variable.removeprefix(PREFIX).lower()
        if name in RENAMED:
            new = PREFIX + RENAMED[name].upper()
            log.warning("%s is now %s. The old name still works.", variable, new)
            if environ.get(new, "").strip():
                continue
            name = RENAMED[name]
        if name not in kinds:
            raise SettingsError(
                f"Expected one of {', '.join(PREFIX + n.upper() for n in sorted(kinds))}, "
                f"found {variable}. Correct or unset it."
            )
        if overrides.get(name) is None:
            values[name] = parsed(variable, text, kinds[name])
    for name, value in overrides.items():
        if name not in kinds:
            raise SettingsError(
                f"Expected one of {', '.join(sorted(kinds))}, found '{name}'. Use one of them."
            )
        if value is not None:
            flag = "--" + name.replace("_", "-")
            values[name] = parsed(flag, value, kinds[name]) if isinstance(value, str) else value
    if "data" in values:
        values["data"] = Path(str(values["data"]))
    return values


def _written_by_people(environ: Mapping[str, str]) -> dict[str, str]:
    """The PALATE_* variables that are not empty and not from Kubernetes; one warning names the latter."""
    given = {name: text for name, text in environ.items() if name.startswith(PREFIX) and text.strip()}
    services = [
        name
        for name, text in given.items()
        if _OF_A_SERVICE.fullmatch(name.removeprefix(PREFIX))
        or (name.endswith("_PORT") and _PORT_OF_A_SERVICE.fullmatch(text))
    ]
    if services:
        log.warning(
            "%s come from a Kubernetes Service and are ignored. The flag --port sets the port.",
            ", ".join(sorted(services)),
        )
    return {name: text for name, text in given.items() if name not in services}
