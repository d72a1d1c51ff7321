"""Steps of a call that tells of them, as a generator that can be stopped between them."""

from collections.abc import Callable, Generator
from concurrent.futures import Future
from queue import Queue
from threading import Thread
from typing import TypeVar

Step = TypeVar("Step")
Result = TypeVar("Result")
Tell = Callable[[Step], None]


class _StoppedError(Exception):
    """Ends the call where it tells of a step."""


def stepwise(call: Callable[[Tell[Step]], Result]) -> Generator[Step, None, Result]:
    """Run `call(tell)` in a thread of its own that rests while the caller is at work.

    Args:
        call: what is run; it tells of its steps on its way.

    Yields:
        each step that is told of. Closing the generator ends the call where it told the last one.

    Returns:
        what `call` returns; what it raises is raised here.
    """
    told: Queue[Step | None] = Queue()
    go: Queue[bool] = Queue()
    result: Future[Result] = Future()

    def tell(step: Step) -> None:
        told.put(step)
        if not go.get():
            raise _StoppedError

    def work() -> None:
        try:
            result.set_result(call(tell))
        except BaseException as error:  # noqa: BLE001 - the caller gets it
            result.set_exception(error)
        finally:
            told.put(None)

    thread = Thread(target=work, daemon=True)  # a program may end between two steps
    thread.start()
    try:
        while (step := told.get()) is not None:
            yield step
            go.put(True)
    finally:
        go.put(False)
        thread.join()
    return result.result()
