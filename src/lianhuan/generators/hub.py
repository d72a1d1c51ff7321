"""Checkpoints by their name on the Hugging Face hub: kept in its cache, offline from the second time on."""

import re
from pathlib import Path

from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

from lianhuan.errors import CheckpointError

_NAME = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")
_SETTINGS = ["model_index.json", "*/*.json", "*/*.txt", "*/*.jinja"]
_WEIGHTS = ["*/*.safetensors"]


def is_hub_name(name: str) -> bool:
    """Whether `name` looks like "owner/name" and is no path that is there."""
    return _NAME.fullmatch(name) is not None and not Path(name).exists()


def hub_folder(name: str, *, weights: bool = True) -> Path:
    """The folder of a model of the hub; what is not in the cache is fetched, but no pickles.

    Args:
        name: "owner/name".
        weights: whether the weights are wanted, or the settings alone.

    Raises:
        CheckpointError: there is no such model, or no network to fetch it.
    """
    wanted = [*_SETTINGS, *_WEIGHTS] if weights else _SETTINGS
    try:
        return Path(snapshot_download(name, allow_patterns=wanted, local_files_only=True))
    except LocalEntryNotFoundError:
        pass
    try:
        return Path(snapshot_download(name, allow_patterns=wanted))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise CheckpointError(
            f"{name}: no folder here, and it could not be fetched from the Hugging Face hub ({reason}); check the name and the "
            "network, or give the path of a diffusers folder"
        ) from error
