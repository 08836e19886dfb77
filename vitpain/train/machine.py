"""Where a run works: one CPU, one GPU, or one of many processes (`accelerate launch`).

What is promised: on one machine, with the same number of threads and processes, the same options
give the same weights bit for bit, however often a run was killed. Every draw of a step is that of
(seed, step, rank); nothing is carried over.
"""

from dataclasses import dataclass

import torch
from accelerate import Accelerator
from accelerate.utils import DistributedDataParallelKwargs, gather_object
from torch import Tensor, nn

from assets.streams import stream
from vitpain.train.config import HIGHEST_SEED, TrainConfig


@dataclass(frozen=True)
class Machine:
    """This process's device and place among those that train together."""

    accelerator: Accelerator
    bf16: bool
    compiled: bool

    @property
    def device(self) -> torch.device:
        """Where tensors go."""
        return self.accelerator.device

    @property
    def rank(self) -> int:
        """Number of this process, from 0."""
        return self.accelerator.process_index

    @property
    def world(self) -> int:
        """How many there are."""
        return self.accelerator.num_processes

    @property
    def main(self) -> bool:
        """Whether this process is the one that writes."""
        return self.accelerator.is_main_process

    def wait(self) -> None:
        """Wait until all are here."""
        self.accelerator.wait_for_everyone()

    def numbers(self) -> torch.autocast:
        """In this context a model works in the precision of the run."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16)

    def together(self, model: nn.Module) -> nn.Module:
        """The model on its device, its gradients shared among processes."""
        if self.compiled:
            model.compile()
        return self.accelerator.prepare_model(model)

    def release(self, model: nn.Module) -> None:
        """Forget a model that was fitted, and its gradients: the next one needs the room."""
        self.accelerator.free_memory()
        model.zero_grad(set_to_none=True)

    def mean(self, sums: Tensor) -> Tensor:
        """The mean over processes."""
        found = self.accelerator.reduce(sums, "mean")
        assert isinstance(found, Tensor)
        return found

    def gathered(self, parts: list) -> list:
        """The parts of all processes, by rank."""
        return gather_object(parts) if self.world > 1 else parts


def machine(config: TrainConfig, loose: bool = False) -> Machine:
    """Find where to work; `loose`: not every parameter that trains is in every step.

    Raises ValueError where the device is not there or the processes cannot share a batch.
    """
    check_device(config)
    cpu = config.device == "cpu" or not torch.cuda.is_available()
    shared = DistributedDataParallelKwargs(
        gradient_as_bucket_view=True, find_unused_parameters=loose
    )
    accelerator = Accelerator(cpu=cpu, kwargs_handlers=[shared])
    if config.batch % accelerator.num_processes:
        rule = f"a multiple of the {accelerator.num_processes} processes"
        raise ValueError(f"batch must be {rule}, got {config.batch}")
    bf16 = config.precision == "bf16" or (config.precision == "auto" and not cpu)
    compiled = config.compiled == "yes" or (config.compiled == "auto" and not cpu)
    return Machine(accelerator, bf16, compiled)


def check_device(config: TrainConfig) -> None:
    """Raise ValueError where the device is not there."""
    if config.device == "cuda" and not torch.cuda.is_available():
        raise ValueError("device must be auto or cpu where there is no CUDA, got cuda")


def sow(seed: int, stage: str, step: int = 0) -> None:
    """Set torch's generators to those of a stage and step."""
    torch.manual_seed(int(stream(seed, -1, stage, step).integers(HIGHEST_SEED)))
