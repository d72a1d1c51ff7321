"""Controls on a diffusers pipeline of the user's own: its loop stays its own, its steps are bent."""

import copy
import functools
import inspect
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from diffusers import FlowMatchEulerDiscreteScheduler, FluxTransformer2DModel, PNDMScheduler
from torch import Tensor

from lianhuan.errors import CheckpointError
from lianhuan.generators.base import Control, Moment
from lianhuan.generators.loop import active, any_loses, edited, gradients, pushed
from lianhuan.generators.packing import packed, unpacked
from lianhuan.generators.schedulers import DETERMINISTIC, evaluations, noise_path, time_of
from lianhuan.models.denoiser import watched
from lianhuan.sampling import FlowPath, Shares

STARTING = (*(set(DETERMINISTIC) - {PNDMScheduler}), FlowMatchEulerDiscreteScheduler)
"""Schedulers that can begin in the middle."""
PER_STEP = ("timesteps", "sigmas", "order_list")
"""Their tables with an entry for each evaluation."""


@contextmanager
def attach(pipeline: Any, controls: Sequence[Control]) -> Iterator[None]:
    """While it is open, every call of `pipeline` is bent by the controls; afterwards it is as before, bit for bit.

    Controls see the latents as (B, C, h, w), as the network sees them (FLUX.1's are unpacked), and do what they do in our own
    loop. The pipeline runs its own loop, so guidance is its own, too: `guidance_scale`. A hook before the denoiser makes its
    input the start of a graph wherever a loss is asked, the scheduler's step takes the gradient and edits the prediction: each
    step costs one run of the network, and where there is a loss the way back. The scheduler and the image processor are copies
    as long as it is open, and attributes of the pipeline that are set then are lost. Calls with a loss do not work in
    `torch.inference_mode`. A control that starts from a picture takes one for all pictures of a call.

    Args:
        pipeline: draws pictures from words by latents: those of Stable Diffusion, SDXL, FLUX.1 and the like, with a
            scheduler that knows betas and predicts eps or v, or with FlowMatchEulerDiscreteScheduler.
        controls: what bends its sampling, asked in order.

    Raises:
        CheckpointError: the pipeline is of another kind, or it cannot give a control what it needs.
    """
    denoiser = check_attachable(pipeline, controls)
    with ExitStack() as stack:
        layers = tuple(dict.fromkeys(layer for control in controls for layer in control.layers))
        try:
            seen = stack.enter_context(watched(denoiser, layers))
        except ValueError as error:
            raise CheckpointError(f"a control was trained for another network: {error}") from error
        steps = _Steps(pipeline, controls, seen)
        hook = denoiser.register_forward_pre_hook(steps.before_denoiser, with_kwargs=True)
        stack.callback(hook.remove)
        attributes, before = vars(pipeline), dict(vars(pipeline))
        stack.callback(attributes.update, before)
        stack.callback(attributes.clear)
        attributes["scheduler"] = steps.scheduler  # past the pipeline's own register, which stays as it is
        attributes["image_processor"] = _finishing(pipeline.image_processor, controls)
        yield


def check_attachable(pipeline: Any, controls: Sequence[Control] = ()) -> Any:
    """The denoiser of a pipeline that controls can be attached to.

    Raises:
        CheckpointError: the pipeline is of another kind, or it cannot give a control what it needs.
    """
    denoiser = getattr(pipeline, "unet", None) or getattr(pipeline, "transformer", None)
    for reason in _unfit(pipeline, denoiser, controls):
        raise CheckpointError(f"controls cannot be attached: {reason}")
    return denoiser


class _Steps:
    """A run of the pipeline, from the scheduler's `set_timesteps` through all of its steps."""

    def __init__(self, pipeline: Any, controls: Sequence[Control], seen: Mapping[str, Tensor]):
        self.controls = controls
        self.starts = bool(_overriding(controls, "start"))
        self.seen = seen
        self.channels: int = pipeline.vae.config.latent_channels
        self.scheduler = copy.deepcopy(pipeline.scheduler)
        self.flows = isinstance(self.scheduler, FlowMatchEulerDiscreteScheduler)
        config = self.scheduler.config
        self.path: Shares = FlowPath(config.num_train_timesteps) if self.flows else noise_path(config)
        self.plan, self.advance = self.scheduler.set_timesteps, self.scheduler.step
        self.scheduler.set_timesteps = _signed(self.set_timesteps, self.plan)
        self.scheduler.step = _signed(self.step, self.advance)
        # of each evaluation of the denoiser: its step, and whether it is the last one there
        self.places: list[tuple[int, bool]] = []
        self.evaluation = 0  # the present one
        self.inputs: list[Tensor] = []  # of the denoiser, in the present evaluation

    def set_timesteps(self, *args: Any, **how: Any) -> None:
        """Plans the scheduler's times; those before a control's start are left out."""
        self.plan(*args, **how)
        groups = evaluations(list(self.scheduler.timesteps), self.scheduler.order)
        self.times: list[float] = [*(time_of(group[0]) for group in groups), -1]
        left = len(self._start(torch.zeros(()))[1]) - 1
        skipped = sum(len(group) for group in groups[: len(groups) - left])
        for table in PER_STEP:
            if skipped and hasattr(self.scheduler, table):
                setattr(self.scheduler, table, getattr(self.scheduler, table)[skipped:])
        self.total = left
        self.places = [(n, t is g[-1]) for n, g in enumerate(groups[len(groups) - left :]) for t in g]
        self.evaluation = 0
        self.inputs.clear()

    def before_denoiser(
        self, _denoiser: Any, args: tuple[Any, ...], how: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
        """Keeps what goes in: changed at a control's start, and the start of a graph where a loss is asked."""
        if self.evaluation == len(self.places):
            return None  # not of the pipeline's loop
        given = how["hidden_states"] if "hidden_states" in how else args[0]
        self._find_cells(given, how.get("img_ids"))
        if self.starts and self.evaluation == 0:
            given = torch.cat([self._begun(given), given[:, self.count :]], dim=1)
        if not self.inputs:
            self.tracked = torch.is_grad_enabled()
        if any_loses(self._asked()):
            torch.set_grad_enabled(True)  # until the step, for the guidance in between
            given = given.detach().requires_grad_()
        self.inputs.append(given)
        if "hidden_states" in how:
            return args, {**how, "hidden_states": given}
        return (given, *args[1:]), how

    def step(self, out: Tensor, time: Any, sample: Tensor, *args: Any, **how: Any) -> tuple[Any, ...]:
        """The scheduler's step from an edited prediction."""
        number, last = self.places[self.evaluation]
        asked, rows = self._asked(), len(sample)
        if self.starts and self.evaluation == 0:
            sample = (self.inputs[0][:rows, : self.count] / self._scale(time)).detach().to(sample)
        x = self._map(self.inputs[0][:rows])
        if self.evaluation == 0 or self.places[self.evaluation - 1][1]:
            self.before = x.detach()
        moment = Moment(number, self.total, time_of(time), self.path, x)
        of_x, of_out = self._estimate(moment.t)
        x0 = of_x * x + of_out * self._map(out)
        features = {layer: value[-rows:] for layer, value in self.seen.items()}
        found = gradients(asked, moment, x0, features, functools.partial(self._gradient, rows))
        torch.set_grad_enabled(self.tracked)
        after, pushes = edited(asked, moment, x0, found)
        out = out.detach() + self._unmap((after - x0.detach()) / of_out).to(out)
        stepped, *others = self.advance(out, time, sample, *args, **how)
        if pushes and last and number + 1 < self.total:
            scale = self._scale(self.scheduler.timesteps[self.evaluation + 1])
            moved = pushed(self.before, self._map(stepped) * scale, pushes) / scale
            stepped = self._unmap(moved).to(stepped)
        self.evaluation += 1
        self.inputs.clear()
        return stepped, *others

    def _asked(self) -> list[Control]:
        return active(self.controls, self.places[self.evaluation][0], self.total)

    def _start(self, x: Tensor) -> tuple[Tensor, list[float]]:
        times = self.times
        for control in self.controls:
            x, times = control.start(x, times, self.path)
        return x, times

    def _begun(self, given: Tensor) -> Tensor:
        """What the controls start from, in place of the noise that the denoiser was given."""
        strength = self._scale(self.scheduler.timesteps[0]) * getattr(self.scheduler, "init_noise_sigma", 1.0)
        begun = torch.cat([self._start(row)[0] for row in (self._map(given) / strength).split(1)])
        if len(begun) != len(given):
            raise ValueError("a control that starts from a picture takes one for all pictures of a call")
        return self._unmap(begun).to(given)

    def _gradient(self, rows: int, loss: Tensor) -> Tensor:
        """That of a number with respect to the latents, which went in once for each branch."""
        found = torch.autograd.grad(loss, self.inputs, retain_graph=True)
        return self._map(sum(one.unflatten(0, (-1, rows)).sum(0) for one in found))

    def _scale(self, time: Any) -> Tensor | float:
        """Of the network's latents, in the scheduler's."""
        if not hasattr(self.scheduler, "scale_model_input"):
            return 1.0
        scale: Tensor = self.scheduler.scale_model_input(torch.ones(()), time)
        return scale

    def _estimate(self, t: float) -> tuple[float, float]:
        """What the clean latents are estimated as: so many x and so many of the network's predictions."""
        alpha, sigma = self.path.alpha(t), self.path.sigma(t)
        if self.flows:
            return 1.0, -sigma
        if self.scheduler.config.prediction_type == "epsilon":
            return 1 / alpha, -sigma / alpha
        return alpha, -sigma

    def _find_cells(self, given: Tensor, ids: Tensor | None) -> None:
        """Where the latents are in what the denoiser is given, beside masks or other pictures: the first ones, along dim 1."""
        self.cells: tuple[int, int] | None = None
        self.count = self.channels
        if ids is not None:
            own = ids[ids[:, 0] == 0].long()
            self.cells, self.count = (int(own[:, 1].max()) + 1, int(own[:, 2].max()) + 1), len(own)
        elif given.dim() != 4:
            raise CheckpointError(
                f"latents of the shape {tuple(given.shape)} are of a kind that controls do not know"
            )

    def _map(self, tensor: Tensor) -> Tensor:
        """(B, C, h, w) in single precision from what the pipeline has."""
        own = tensor[:, : self.count].float()
        return own if self.cells is None else unpacked(own, *self.cells)

    def _unmap(self, latents: Tensor) -> Tensor:
        return latents if self.cells is None else packed(latents)


def _signed(method: Any, like: Any) -> Any:
    """`method` with the signature of another one, which pipelines look at."""
    return functools.wraps(like)(functools.partial(method))


def _finishing(processor: Any, controls: Sequence[Control]) -> Any:
    """A copy of the pipeline's image processor whose finished pictures the controls edit."""
    bent = copy.copy(processor)

    @functools.wraps(processor.postprocess)
    def postprocess(image: Any, *args: Any, **how: Any) -> Any:
        drawn = processor.postprocess(image, *args, **how)
        kind = how.get("output_type", "pil")
        if kind == "pil":
            return functools.reduce(lambda images, control: control.picture(images), controls, drawn)
        if kind != "latent" and (wanting := _overriding(controls, "picture")):
            raise ValueError(f"{wanting} edits finished pictures: draw with output_type='pil'")
        return drawn

    bent.postprocess = postprocess
    return bent


def _unfit(pipeline: Any, denoiser: Any, controls: Sequence[Control]) -> Iterator[str]:
    """Why the controls cannot be attached."""
    kind, scheduler = type(pipeline).__name__, pipeline.scheduler
    network, how = type(denoiser).__name__, type(scheduler).__name__
    parts = (denoiser, *(getattr(pipeline, part, None) for part in ("vae", "image_processor")))
    if None in parts or "strength" in inspect.signature(pipeline.__call__).parameters:
        yield f"{kind} is no pipeline that draws latents from words alone"
        return
    if "img_ids" in inspect.signature(denoiser.forward).parameters and not isinstance(
        denoiser, FluxTransformer2DModel
    ):
        yield f"the latents of {network} are of a kind that controls do not know"
    betas = "beta_schedule" in scheduler.config
    if not isinstance(scheduler, FlowMatchEulerDiscreteScheduler) and not (
        betas and scheduler.config.prediction_type in ("epsilon", "v_prediction")
    ):
        yield f"{how} is not known; use one with betas that predicts eps or v, or FlowMatchEulerDiscreteScheduler"
    if guiding := _overriding(controls, "branches"):
        yield f"{guiding} would guide, which {kind} does itself: give it a guidance_scale"
    if (starting := _overriding(controls, "start")) and not isinstance(scheduler, STARTING):
        yield f"{starting} begins in the middle, which {how} cannot; use another scheduler"
    looking = ", ".join(type(control).__name__ for control in controls if control.layers)
    if looking and not hasattr(pipeline, "unet"):
        yield f"{looking} looks at layers of a UNet, and {network} is none"


def _overriding(controls: Sequence[Control], hook: str) -> str:
    """The names of those controls that have a hook of their own."""
    having = [type(control) for control in controls]
    return ", ".join(kind.__name__ for kind in having if getattr(kind, hook) is not getattr(Control, hook))
