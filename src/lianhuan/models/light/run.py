"""Running a network of the light engine, always with the same result."""

from collections.abc import Callable
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov

from lianhuan.arrays import Array
from lianhuan.errors import CheckpointError
from lianhuan.threads import threads


@cache
def core() -> ov.Core:
    """OpenVINO's core, one for the whole life of the process.

    Each core gives the thread a stack of its own for signals. When one goes before a later one, that one gives back a stack
    which is gone, and the next signal, such as Ctrl-C or the end of a child process, would kill the process.
    """
    return ov.Core()


class Network:
    """A network that is ready to run on the CPU.

    Where its graph asks for no 8-bit numbers it computes in 32 bits, even if the processor has faster, shorter ones; in one stream
    and on few threads, so that a page does not depend on the machine's load or on what else is drawn.

    It is made ready when it is first used.

    Args:
        folder: of the part whose weights it has, for messages.
        build: makes the network, with fixed sizes.

    Raises:
        CheckpointError: the weights do not fit the settings.
    """

    def __init__(self, folder: Path, build: Callable[[], ov.Model]):
        try:
            self._models = [build()]
        except (KeyError, TypeError, ValueError) as error:
            raise CheckpointError(f"{folder}: settings that this version cannot use ({error})") from error
        except (RuntimeError, CheckpointError) as error:
            reason = str(error).strip().splitlines()[-1]
            raise CheckpointError(f"{folder} is damaged or belongs to another model ({reason})") from error
        self._given: dict[str, Array] = {}

    def __call__(self, **inputs: Array) -> dict[str, Array]:
        """Copies of all outputs by their names; inputs that are the same objects as in the call before are not given again."""
        new = {name: value for name, value in inputs.items() if self._given.get(name) is not value}
        self._given |= {name: np.ascontiguousarray(value) for name, value in new.items()}
        found = self._request.infer({name: self._given[name] for name in new}, share_inputs=True)
        return {port.any_name: np.array(value) for port, value in found.items()}

    @cached_property
    def _request(self) -> ov.InferRequest:
        settings: dict[str, Any] = {
            "INFERENCE_PRECISION_HINT": "f32",
            "EXECUTION_MODE_HINT": "ACCURACY",
            "NUM_STREAMS": 1,
            "INFERENCE_NUM_THREADS": threads(),
            "ENABLE_CPU_PINNING": False,
            "DYNAMIC_QUANTIZATION_GROUP_SIZE": 0,  # what flows through the network stays in 32 bits beside 8-bit weights
        }
        return core().compile_model(self._models.pop(), "CPU", settings).create_infer_request()
