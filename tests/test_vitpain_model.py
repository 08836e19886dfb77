"""The model: neutrals there or not, heads in their ranges, losses by hand, a student taught."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from assets import facs
from tests.learning import MODEL
from vitpain.data.batch import Batch
from vitpain.model import build, losses
from vitpain.model.distilled import Distilled, Taught
from vitpain.model.fusion import Fusion
from vitpain.model.heads import Heads, pspi_of
from vitpain.model.losses import LossConfig
from vitpain.model.output import Output

NAN = float("nan")


def random(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def make(**changed: Any) -> build.Model:
    """A model whose every weight matters, as after training."""
    model = build.build(replace(MODEL, tune="all", **changed), "none", 0)
    drawn = random(1)
    with torch.no_grad():
        for one in model.parameters():
            one.add_(0.05 * torch.randn(one.shape, generator=drawn))
    return model.eval()


@pytest.fixture(scope="module")
def reference() -> nn.Module:
    return make()


def given(count: int = 3, references: int = 2, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    drawn = random(seed)
    face = torch.rand(count, 3, 32, 32, generator=drawn)
    neutrals = torch.rand(count, references, 3, 32, 32, generator=drawn)
    return face, neutrals, torch.ones(count, references, dtype=torch.bool)


def same(one: Output, other: Output, exact: bool = False) -> None:
    for name in Output._fields:
        tolerance = 0.0 if exact else 1e-5
        torch.testing.assert_close(
            getattr(one, name), getattr(other, name), rtol=0, atol=tolerance, msg=name
        )


@torch.no_grad()
def test_the_picture_of_an_absent_neutral_does_not_matter(reference: nn.Module) -> None:
    face, neutrals, _ = given()
    there = torch.tensor([[True, False], [False, False], [False, True]])
    other = torch.where(there[..., None, None, None], neutrals, 1.0 - neutrals.square())
    before = reference(face, neutrals, there)
    same(reference(face, other, there), before, exact=True)
    # And that of one which is there does.
    assert not torch.equal(reference(face, 1.0 - neutrals, there).pspi[[0, 2]], before.pspi[[0, 2]])
    alone = reference(face, neutrals, torch.zeros(3, 2, dtype=torch.bool))
    same(reference(face, neutrals[:, :0], there[:, :0]), alone)
    same(Output(*(one[1:2] for one in before)), Output(*(one[1:2] for one in alone)))
    assert not torch.equal(alone.pspi[0], before.pspi[0])


@torch.no_grad()
def test_several_neutrals_count_alike(reference: nn.Module) -> None:
    face, neutrals, there = given(references=3)
    there[1, 2] = there[2, 0] = False
    turned = torch.tensor([2, 0, 1])
    same(reference(face, neutrals[:, turned], there[:, turned]), reference(face, neutrals, there))
    one = there[:, :1] | True
    twice = reference(face, neutrals[:, [0, 0]], torch.ones(3, 2, dtype=torch.bool))
    same(twice, reference(face, neutrals[:, :1], one))
    # Their differences from the face are averaged, for every head.
    seen = [reference.fusion(*tokens(reference, face, neutrals[:, at : at + 1])) for at in range(3)]
    both = reference.fusion(*tokens(reference, face, neutrals))
    torch.testing.assert_close(both, torch.stack(seen).mean(0), rtol=0, atol=1e-5)


@pytest.mark.parametrize("adapters", ["shared", "two"])
@torch.no_grad()
def test_no_neutral_at_all_is_as_one_that_is_not_there(adapters: str) -> None:
    model = build.build(replace(MODEL, adapters=adapters), "none", 0).eval()
    face, neutrals, there = given(3)
    same(model(face, neutrals[:, :0], there[:, :0]), model(face, neutrals, there & False))


def tokens(model: nn.Module, face: Tensor, neutrals: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """What the fusion of a model is given."""
    read = [model.tokens(model.backbone, model._normal(x)) for x in (face, neutrals.flatten(0, 1))]
    count = neutrals.shape[:2]
    return read[0], read[1].unflatten(0, count), torch.ones(count, dtype=torch.bool)


@pytest.mark.parametrize("variant", ["reference", "plain"])
@torch.no_grad()
def test_a_face_is_read_alike_in_any_batch(variant: str) -> None:
    model = make(variant=variant)
    face, neutrals, there = given(4)
    there[1] = False
    whole = model(face, neutrals, there)
    for at in range(4):
        part = slice(at, at + 1)
        alone = model(face[part], neutrals[part], there[part])
        same(alone, Output(*(one[part] for one in whole)))
    if variant == "plain":
        same(model(face, 1.0 - neutrals, ~there), whole, exact=True)


def test_attention_reaches_as_far_as_it_says() -> None:
    """A slow twin: every token looks at every other by likeness and by distance."""
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(3)
        fusion = Fusion(6, 2, 3).double()
        fusion.log_reach.copy_(torch.tensor([0.1, 0.9]))
        face, neutral = torch.randn(1, 10, 6).double(), torch.randn(1, 1, 10, 6).double()
        said = fusion(face, neutral, torch.ones(1, 1, dtype=torch.bool))[0]
        ours, theirs = fusion.norm(face[0]), fusion.norm(neutral[0, 0])
        query, key, value = fusion.query(ours), fusion.key(theirs), fusion.value(theirs)
        seen = torch.zeros(10, 6).double()
        for head in range(2):
            part = slice(3 * head, 3 * head + 3)
            scores = query[:, part] @ key[:, part].T / math.sqrt(3)
            for at in range(10):
                for to in range(10):
                    y, x = divmod(at - 1, 3), divmod(to - 1, 3)
                    far = (y[0] - x[0]) ** 2 + (y[1] - x[1]) ** 2 if at and to else 18 * bool(at)
                    scores[at, to] -= far / (2 * math.exp(2 * (0.1, 0.9)[head]))
            seen[:, part] = torch.softmax(scores, 1) @ value[:, part]
        torch.testing.assert_close(said, fusion.out(fusion.value(ours) - seen))


def test_a_face_that_is_its_neutral_differs_by_nothing_seen_from_near() -> None:
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(3)
        fusion = Fusion(6, 2, 3)
        fusion.log_reach.fill_(-5.0)
        face = torch.randn(1, 10, 6)
        said = fusion(face, face[:, None], torch.ones(1, 1, dtype=torch.bool))
    # The class token has no place: it looks everywhere.
    torch.testing.assert_close(said[:, 1:], torch.zeros(1, 9, 6))


def test_neutrals_are_dropped_in_training_alone(reference: nn.Module) -> None:
    model = make(neutral_dropout=0.5, dropout=0.0)
    face, neutrals, there = given(1)
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(0)
        model.train()
        said = torch.stack([model(face, neutrals, there).pspi for _ in range(60)]).flatten()
        model.eval()
        known = [model(face, neutrals, there & has).pspi.item() for has in (True, False)]
    kinds = [int((said - one).abs().lt(1e-5).sum()) for one in known]
    assert sum(kinds) == 60
    # Binomial: 30 of 60, and 4 standard deviations.
    assert abs(kinds[0] - 30) < 16


def test_outputs_keep_to_their_ranges_whatever_is_seen() -> None:
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(0)
        heads = Heads(8, 4, 0.0)
        for scale in (0.1, 1e3):
            said = heads(scale * torch.randn(200, 5, 8) * 100)
            for last in (heads.pspi[3], heads.au_weight):
                (last.weight if isinstance(last, nn.Linear) else last).mul_(100.0)
            highest = torch.tensor([5.0, 5.0, 5.0, 5.0, 5.0, 1.0])
            assert bool(((said.pspi >= 0) & (said.pspi <= 16)).all())
            assert bool(((said.aus >= 0) & (said.aus <= highest)).all())
            assert bool(((said.pspi_of_aus >= 0) & (said.pspi_of_aus <= 16)).all())
            assert said.logits.shape == (200, 3)
        assert float(said.pspi.max()) > 15.9
        assert float(said.pspi.min()) < 0.1
        assert float(said.aus[:, 5].max()) > 0.99


def test_each_query_reads_the_patches_it_attends_to() -> None:
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(0)
        heads = Heads(4, 8, 0.0).eval()
        heads.norm = nn.Identity()
        heads.key.weight.copy_(torch.eye(4))
        heads.key.bias.zero_()
        heads.queries.zero_()
        heads.queries[2, 1] = 1e4
        seen = torch.randn(1, 6, 4)
        first = int(seen[0, 1:, 1].argmax()) + 1
        before = heads(seen).aus[0]
        seen[0, (first % 5) + 1, 3] += 5.0
        moved = (heads(seen).aus[0] - before).abs() > 1e-6
    # Query 2 looks at the patch that is highest in channel 1; the others at all alike.
    assert moved.tolist() == [True, True, False, True, True, True]


def test_pspi_of_aus_is_that_of_the_table() -> None:
    table = np.concatenate([facs.combinations(level) for level in range(17)])
    rows = torch.from_numpy(table).to(torch.float32)
    known = [facs.pspi(dict(zip(facs.PAIN_AUS, row, strict=True))) for row in table[::97].tolist()]
    assert pspi_of(rows)[::97].tolist() == known
    assert len(rows) == 15_552
    assert torch.equal(pspi_of(rows), torch.from_numpy(facs.pspi_array(table.astype(np.float32))))


def output(count: int, seed: int = 0) -> Output:
    drawn = random(seed)
    aus = torch.rand(count, 6, generator=drawn)
    parts = [16 * torch.rand(count, generator=drawn), torch.randn(count, 3, generator=drawn), aus]
    leaves = [one.requires_grad_() for one in parts]
    features = torch.randn(count, 5, generator=drawn).requires_grad_()
    return Output(leaves[0], leaves[1], leaves[2], pspi_of(leaves[2]), features)


def test_losses_are_those_by_hand() -> None:
    said, config = output(2), LossConfig(pspi=2.0, aus=3.0, levels=0.5, consistency=0.7)
    pspi = torch.tensor([0.5, 2.0])
    aus = torch.tensor([[1.0, 2.0, 0.0, 5.0, 0.0, 1.0], [0.0, 0.0, 0.0, 0.0, 3.0, 0.0]])
    parts = losses.losses(said, pspi, aus, config)
    x, p = said.logits.detach().double(), said.pspi.detach().double()
    wanted = {
        "pspi": float((((p - pspi) / 16) ** 2).mean()),
        "aus": float((((said.aus - aus) / torch.tensor([5, 5, 5, 5, 5, 1])) ** 2).mean().detach()),
        # PSPI 0.5 is below all three levels, 2 reaches the first two.
        "levels": float(-torch.stack([
            *functional.logsigmoid(-x[0]), functional.logsigmoid(x[1, 0]),
            functional.logsigmoid(x[1, 1]), functional.logsigmoid(-x[1, 2]),
        ]).mean()),
        "consistency": float((((p - said.pspi_of_aus.detach()) / 16) ** 2).mean()),
    }  # fmt: skip
    for name, value in wanted.items():
        assert parts[name].item() == pytest.approx(value, rel=1e-5), name
    total = sum(getattr(config, name) * value for name, value in wanted.items())
    assert parts["total"].item() == pytest.approx(total, rel=1e-5)


def test_labels_that_are_null_take_no_part() -> None:
    said, config = output(5), LossConfig()
    pspi = torch.tensor([1.0, NAN, 4.0, NAN, 0.0])
    aus = 5 * torch.rand(5, 6, generator=random(9))
    aus[1] = NAN
    aus[3, [0, 4]] = NAN
    aus[:, 5] = torch.tensor([1.0, NAN, 0.0, 1.0, NAN])
    parts = losses.losses(said, pspi, aus, config)
    parts["total"].backward()
    known = ~torch.isnan(pspi)
    assert torch.equal(said.pspi.grad != 0, known)
    assert torch.equal((said.logits.grad != 0).all(1), known)
    assert torch.equal((said.logits.grad != 0).any(1), known)
    assert torch.equal(said.aus.grad != 0, ~torch.isnan(aus))
    few = Output(*(one[known] for one in said))
    alone = losses.losses(few, pspi[known], aus[known], config)
    assert parts["pspi"].item() == pytest.approx(alone["pspi"].item(), rel=1e-6)
    assert parts["levels"].item() == pytest.approx(alone["levels"].item(), rel=1e-6)
    share = ((said.aus - aus) / torch.tensor([5, 5, 5, 5, 5, 1])).detach().square()
    assert parts["aus"].item() == pytest.approx(share[~torch.isnan(share)].mean().item(), rel=1e-6)


def test_nothing_known_is_no_loss_and_no_gradient() -> None:
    said = output(2)
    parts = losses.losses(said, torch.full((2,), NAN), torch.full((2, 6), NAN), LossConfig())
    parts["total"].backward()
    assert [parts[name].item() for name in ("pspi", "aus", "levels", "total")] == [0.0] * 4
    assert not said.pspi.grad.any()
    assert not said.aus.grad.any()
    assert not said.logits.grad.any()
    with pytest.raises(ValueError, match=r"^consistency must be 0 or above, got -1.0$"):
        LossConfig(consistency=-1.0)
    with pytest.raises(ValueError, match=r"^aus must be 0 or above, got nan$"):
        LossConfig(aus=NAN)


def test_teaching_moves_the_student_alone() -> None:
    student, teacher = output(2), output(2, seed=1)
    found = losses.teaching(student, teacher)
    found.backward()
    assert teacher.pspi.grad is teacher.aus.grad is teacher.features.grad is None
    for one in (student.pspi, student.aus, student.features):
        assert bool((one.grad != 0).any())
    scale = torch.tensor([5, 5, 5, 5, 5, 1])
    with torch.no_grad():
        alike = [
            float(a @ b / (a.norm() * b.norm()))
            for a, b in zip(student.features, teacher.features, strict=True)
        ]
        wanted = float(((student.pspi - teacher.pspi) / 16).square().mean())
        wanted += float(((student.aus - teacher.aus) / scale).square().mean())
    assert found.item() == pytest.approx(wanted + 0.1 * (1 - sum(alike) / 2), rel=1e-5)
    same_said = losses.teaching(student, Output(*(one.detach() for one in student)))
    assert abs(same_said.item()) < 1e-6


DISTILLED = [
    {"student": "plain", "tune": "lora"},
    {"student": "reference", "tune": "lora"},
    {"student": "reference", "tune": "lora", "adapters": "two"},
    {"student": "plain", "tune": "all"},
]


@pytest.mark.parametrize("changed", DISTILLED, ids=str)
def test_a_teacher_begins_as_its_student(changed: dict[str, Any]) -> None:
    model = build.build(replace(MODEL, variant="distilled", **changed), "none", 0).eval()
    assert isinstance(model, Distilled)
    face, neutrals, there = given()
    with torch.no_grad():
        cold = model(face, neutrals, there, torch.zeros(3, 6, 32, 32))
        assert isinstance(cold, Taught)
        same(cold.teacher, cold.student)
        # Asked without heat, the student answers.
        same(model(face, neutrals, there), cold.student, exact=True)
        model.teacher.backbone.patch_embed.heat.weight.fill_(1.0)
        warm = model(face, neutrals, there, torch.ones(3, 6, 32, 32))
    same(warm.student, cold.student, exact=True)
    assert not torch.equal(warm.teacher.pspi, cold.teacher.pspi)
    own = {id(one) for one in model.student.parameters() if one.requires_grad}
    assert not own & {id(one) for one in model.teacher.parameters() if one.requires_grad}


def batch(heat: int) -> Batch:
    drawn = random(2)
    faces, neutrals, maps = (
        torch.randint(0, 256, shape, generator=drawn, dtype=torch.uint8)
        for shape in ((3, 3, 32, 32), (3, 1, 3, 32, 32), (3, heat, 32, 32))
    )
    pspi, aus = torch.tensor([0.0, 5.0, NAN]), torch.rand(3, 6, generator=drawn)
    rows = torch.arange(3)
    return Batch(faces, neutrals, torch.ones(3, 1).bool(), pspi, aus, maps, rows, rows[:, None])


def test_a_step_teaches_by_heat_where_there_is_any() -> None:
    model = make(variant="distilled", student="reference")
    for heat in (6, 0):
        given, config = batch(heat), LossConfig(teaching=2.0)
        model.zero_grad()
        parts = losses.step(model, given, config)
        parts["total"].backward()
        moved = [one.grad is not None for one in model.teacher.parameters()]
        assert any(moved) == (heat == 6)
        assert ("teacher" in parts) == ("teaching" in parts) == (heat == 6)
        faces = given.face / 255, given.neutrals / 255, given.has_neutral
        alone = losses.losses(model(*faces), given.pspi, given.aus, config)
        total = alone["total"].item()
        if heat:
            said = model(*faces, given.heat / 255)
            total += 2.0 * losses.teaching(*said).item()
            total += losses.losses(said.teacher, given.pspi, given.aus, config)["total"].item()
            # By its labels the teacher learns, by its student nothing.
            model.zero_grad()
            losses.step(model, given, config)["teaching"].backward()
            assert not any(one.grad is not None for one in model.teacher.parameters())
        assert parts["total"].item() == pytest.approx(total, rel=1e-5)
