"""Find out what a data set is, and read it."""

from pathlib import Path

from lianhuan.data import flickr
from lianhuan.data.captioned import read_captioned_stories
from lianhuan.data.flickr import read_flickr
from lianhuan.data.hdf5 import read_hdf5
from lianhuan.data.picturebooks import BOOKS, picturebook_stories
from lianhuan.data.stories import Split, StorySet
from lianhuan.errors import PictureError


def read_stories(source: Path, split: Split) -> StorySet:
    """The stories of a split of any data set that is known, recognised from its files.

    Args:
        source: an HDF5 file of AR-LDM (.h5, .hdf5), a table of Flickr8k or Flickr30k, or the folder with it, a folder of
            picture books (`books.jsonl`), or a folder of captioned pictures, a sub-folder for each story.
        split: which stories.

    Raises:
        PictureError: nothing is there, or something that is not known, or no story of this split.
        BookError: the picture books are damaged.
        MissingDependency: h5py is needed and not installed.
    """
    if source.suffix.lower() in (".h5", ".hdf5"):
        return read_hdf5(source, split)
    if source.is_file():
        return read_flickr(source, split)
    if (source / BOOKS).is_file():
        return picturebook_stories(source, split)
    table = next((source / name for name in flickr.TABLES if (source / name).is_file()), None)
    if table is not None:
        return read_flickr(table, split)
    if not source.is_dir():
        raise PictureError(
            f"{source}: no data set there; name an HDF5 file, a table of captions, or a folder"
        )
    return read_captioned_stories(source, split)
