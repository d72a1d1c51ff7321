"""The typer application: registers the verbs and turns errors into one line and an exit code."""

import errno
import functools
import importlib
from collections.abc import Callable, Iterable
from typing import Annotated

import typer

from lianhuan import __version__
from lianhuan.cli import VERBS
from lianhuan.cli.terminal import fail
from lianhuan.errors import LianhuanError
from lianhuan.late import needing_extras

STOPPED = 130
"""Exit code after Ctrl-C, as shells expect it."""

app = typer.Typer(
    name="lianhuan",
    help="A story in, a picture book out: characters, clothes and places stay the same from page to page.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"lianhuan {__version__}")
        raise typer.Exit


@app.callback()
def common(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """A story in, a picture book out: characters, clothes and places stay the same from page to page."""


def guarded(verb: Callable[..., None]) -> Callable[..., None]:
    """`verb` with every error that a user can cause, or stop, told in one line."""

    @functools.wraps(verb)
    def run(*args: object, **kwargs: object) -> None:
        try:
            with needing_extras():
                verb(*args, **kwargs)
        except LianhuanError as error:
            fail(str(error))
            raise typer.Exit(1) from error
        except KeyboardInterrupt as stop:
            fail(str(stop) or "stopped; run the same command again to go on")
            raise typer.Exit(STOPPED) from stop
        except OSError as error:
            if error.errno == errno.EPIPE:  # the reader of our output has gone: typer ends quietly
                raise
            fail(_explain(error))
            raise typer.Exit(1) from error

    return run


def _explain(error: OSError) -> str:
    where = f"{error.filename}: " if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{where}the disk is full; free some space and run the same command again"
    return f"{where}{error.strerror or error}"


def register(group: typer.Typer, package: str, verbs: Iterable[str]) -> None:
    """Add `verbs` to `group`: each is a module of `package` with a function of its name, or a package with its own `VERBS`."""
    for name in verbs:
        word = name.replace("-", "_")
        home = importlib.import_module(f"{package}.{word}")
        if hasattr(home, "VERBS"):
            inner = typer.Typer(help=home.__doc__, no_args_is_help=True, rich_markup_mode=None)
            register(inner, home.__name__, home.VERBS)
            group.add_typer(inner, name=name)
        else:
            group.command(name)(guarded(getattr(home, word)))


register(app, "lianhuan.cli", VERBS)
