"""Cells on a Ray cluster: a local one of two CPUs does what this process does."""

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests import ablated
from vitpain.ablation import ray_jobs
from vitpain.ablation.arms import Arm
from vitpain.ablation.cell import attempt
from vitpain.ablation.ray_jobs import Share, share
from vitpain.ablation.status import Progress, Status
from vitpain.ablation.stored import stored
from vitpain.ablation.study import Study
from vitpain.evaluate import predictions

ARMS = (Arm("real"), Arm("gan_only", False, beside=("gan",)))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Study:
    folder = tmp_path_factory.mktemp("sets")
    return ablated.study(folder / "run", ablated.sources(folder), ARMS)[0]


def test_what_a_cell_takes_of_a_cluster(made: Study) -> None:
    def on(device: str, threads: int = 1, **there: float) -> Share:
        config = replace(made.config, device=device, threads=threads)
        return share(replace(made, config=config), there)

    assert on("cpu", CPU=5.0, GPU=2.0) == Share(1, 0, 0, 5)
    assert on("auto", 2, CPU=5.0) == Share(2, 0, 0, 2)
    assert on("auto", CPU=8.0, GPU=2.0) == Share(4, 1, 3, 2)
    assert on("cuda", CPU=64.0, GPU=1.0) == Share(9, 1, 8, 1)
    assert on("auto", CPU=1.0, GPU=1.0) == Share(1, 1, 0, 1)
    with pytest.raises(ValueError, match="the cluster must have 4 CPU for a cell, got 2 CPU and 0"):
        on("cpu", 4, CPU=2.0)
    with pytest.raises(ValueError, match="must have 1 CPU and 1 GPU for a cell, got 2 CPU and 0"):
        on("cuda", CPU=2.0)


def test_who_has_no_ray_is_told_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_jobs, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r'executor ray needs ray: pip install -e "\.\[ray\]"'):
        ray_jobs.check_installed()


@pytest.mark.skipif(find_spec("ray") is None, reason="ray is not installed")
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::ResourceWarning")
def test_a_local_cluster_does_cells_as_this_process_does(made: Study, tmp_path: Path) -> None:
    import ray

    _, cells = ablated.study(made.out, made.sources, ARMS)
    real, only = cells
    wrong = replace(only, manifests={**only.manifests, "gan": "0" * 64})
    heard: list[Status] = []
    progress = Progress(0, [real, wrong], heard.append)
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        ray_jobs.run(made, [real, wrong], None, progress)
        # A cluster that was there before stays.
        assert ray.is_initialized()
    finally:
        ray.shutdown()
    assert max(one.running for one in heard) == 2
    ((failed, text),) = progress.failures.values()
    assert failed.arm.name == "gan_only"
    assert "must be as when the study was begun" in text
    found = stored(made.out)
    assert [one.error for one in found.unfinished] == [text]
    alone, others = ablated.study(tmp_path / "alone", made.sources, ARMS[:1])
    assert attempt(alone, others[0], 0) is None
    content = (alone.folder(others[0]) / predictions.NAME).read_bytes()
    assert found.cells[0].predictions.read_bytes() == content
