"""Checkpoints by their name on the Hugging Face hub: kept in its cache, offline from the second time on."""

import re
from pathlib import Path

from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

from lianhuan.errors import CheckpointError

_NAME = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")
_WANTED = ["model_index.json", "*/*.json", "*/*.txt", "*/*.jinja", "*/*.safetensors"]


def is_hub_name(name: str) -> bool:
    """Whether `name` looks like "owner/name" and is no path that is there."""
    return _NAME.fullmatch(name) is not None and not Path(name).exists()


def hub_folder(name: str) -> Path:
    """The folder of a model of the hub; what is not in the cache is fetched, but no pickles.

    Args:
        name: "owner/name".

    Raises:
        CheckpointError: there is no such model, or no network to fetch it.
    """
    try:
        return Path(snapshot_download(name, allow_patterns=_WANTED, local_files_only=True))
    except LocalEntryNotFoundError:
        pass
    try:
        return Path(snapshot_download(name, allow_patterns=_WANTED))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise CheckpointError(
            f"{name}: no folder here, and it could not be fetched from the Hugging Face hub ({reason}); check the name and the "
            "network, or give the path of a diffusers folder"
        ) from error
