"""Every error that lianhuan raises on purpose.

LianhuanError
├── StoryError          the text cannot be read as a story
├── BookError           a book folder is missing, damaged, newer than this program, or not writable
├── PictureError        a picture cannot be read or has the wrong form
├── CheckpointError     a model folder is missing, truncated, unsafe (pickle) or of an unknown kind
├── DeviceError         a device is not there, too small, or cannot compute in the precision that is asked for
├── RecipeError         a training recipe or its run folder cannot be used
├── ExportError         a book cannot be exported (no font for its script, ...)
├── SurveyError         a survey, or a file of votes, cannot be used
└── MissingDependency   an optional package or system library is not installed; the message names it
"""


class LianhuanError(Exception):
    """Base of all errors a user can cause; its message is meant for the user."""


class StoryError(LianhuanError):
    """The text cannot be read as a story."""


class BookError(LianhuanError):
    """A book folder is missing, damaged, newer than this program, or not writable."""


class PictureError(LianhuanError):
    """A picture cannot be read or has the wrong form."""


class CheckpointError(LianhuanError):
    """A model folder is missing, truncated, unsafe (pickle) or of an unknown kind."""


class DeviceError(LianhuanError):
    """A device is not there, too small, or cannot compute in the precision that is asked for."""


class RecipeError(LianhuanError):
    """A training recipe or its run folder cannot be used."""


class ExportError(LianhuanError):
    """A book cannot be exported."""


class SurveyError(LianhuanError):
    """A survey, or a file of votes, cannot be used."""


class MissingDependency(LianhuanError):
    """An optional package or system library is not installed."""
