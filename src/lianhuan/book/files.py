"""Files of a book folder: written whole or not at all, and edited by one program at a time."""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lianhuan.errors import BookError

LOCK = ".lock"
TEMPORARY = ".tmp-"


def write_atomically(path: Path, data: bytes) -> None:
    """Write `data` to `path` so that a crash at any moment leaves the old file or the new one, never a part.

    Raises:
        BookError: the disk is full or the folder is not writable; the old file, if any, is untouched.
    """
    temporary = path.parent / f"{TEMPORARY}{os.getpid()}-{secrets.token_hex(4)}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)
    except OSError as error:
        raise unwritable(path, error) from error


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` survive a power cut (POSIX; Windows cannot open folders)."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def unwritable(path: Path, error: OSError) -> BookError:
    """The message for a failed write to `path`: what happened, what was kept, what to do."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return BookError(
            f"the disk is full: {path} could not be written. All pages finished before are kept; "
            "free some space and run the same command again"
        )
    return BookError(
        f"{path} cannot be written ({error.strerror or error}). Nothing was changed; use a writable folder"
    )


def remove_leftovers(folder: Path) -> None:
    """Delete temporary files that a program which no longer runs left in the book `folder`."""
    for place in (folder, *folder.glob("takes/*"), folder / "exports", folder / "history"):
        for leftover in place.glob(f"{TEMPORARY}*"):
            owner = leftover.name.removeprefix(TEMPORARY).partition("-")[0]
            if not (owner.isdecimal() and _is_running(int(owner))):
                with suppress(OSError):
                    leftover.unlink()


@contextmanager
def lock(folder: Path) -> Iterator[None]:
    """Hold the book `folder` for writing; other programs that ask for it get a `BookError`.

    The lock is a file that names its owner. A lock whose owner no longer runs is taken over.
    """
    path = folder / LOCK
    owner = f"{os.getpid()} {secrets.token_hex(8)}"
    for _ in range(2):
        try:
            with path.open("x", encoding="ascii") as file:
                file.write(owner)
        except FileExistsError:
            _break_stale(path)
            continue
        except OSError as error:
            with suppress(OSError):
                path.unlink()
            raise unwritable(path, error) from error
        break
    else:
        raise BookError(f"{folder} was opened for editing by another program at this moment; try again")
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _break_stale(path: Path) -> None:
    """Remove the lock at `path` if its owner no longer runs; the rename makes sure that only one program does."""
    owner = _owner(path)
    pid = owner.partition(" ")[0]
    if not pid.isdecimal() or _is_running(int(pid)):
        who = f"by the program with process id {pid}" if pid else "by another program"
        raise BookError(
            f"{path.parent} is being edited {who}. Wait until it has finished; "
            f"if no such program runs any more, delete {path} and try again"
        )
    grave = path.parent / f"{TEMPORARY}{os.getpid()}-{secrets.token_hex(4)}"
    with suppress(FileNotFoundError):
        path.rename(grave)
        if _owner(grave) != owner:
            grave.rename(path)
        grave.unlink(missing_ok=True)


def _owner(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:
        return ""


def _is_running(pid: int) -> bool:
    if os.name == "nt":  # there, signal 0 is Ctrl-C
        return True
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
