"""The neural rig on heads of the Anny topology, and its parts: features, network, Poisson solve."""

import numpy as np
import pytest
import torch
from scipy import sparse

from assets import facs
from assets.head import SKIN, TONGUE, Head, load
from generator.identity import make_identity
from rigging import blendshapes, features, motion, neural, poisson, rig
from rigging.features import AUS, LEFT, MIRROR, Surface
from rigging.network import Diffusion, Entries, Network, NetworkConfig, Seen
from rigging.registration import topologies
from rigging.weights import Weights


def made(index: int) -> Head:
    who = make_identity(index, 12, 4321, "0-90")
    shape = who.shape
    return load().person(shape.phenotypes, shape.changes, who.person.age_years)


@pytest.fixture(scope="module", params=[0, 7])
def person(request: pytest.FixtureRequest) -> Head:
    return made(request.param)


def shares(head: Head, aus: dict[int, float]) -> tuple[float, float]:
    """Mean error over the teacher's mean displacement, and strength."""
    skin = head.topology.part == SKIN
    wanted = (blendshapes.pose(head, aus, aus) - head.vertices)[skin]
    found = (rig.pose(head, aus, aus) - head.vertices)[skin]
    lengths = np.linalg.norm(wanted, axis=1)
    off = np.linalg.norm(found - wanted, axis=1).mean() / lengths.mean()
    return float(off), float(np.linalg.norm(found, axis=1).sum() / lengths.sum())


@pytest.mark.parametrize(
    "aus",
    [{4: 4, 6: 3, 7: 3, 9: 2, 10: 3}, {12: 4, 6: 2, 26: 3}, {1: 3, 2: 4, 27: 5, 20: 2}, {43: 1}],
)
def test_an_unseen_person_moves_as_the_teacher_says(person: Head, aus: dict[int, float]) -> None:
    error, strength = shares(person, aus)
    assert error < 0.05
    assert 0.97 < strength < 1.03


def test_zero_aus_give_the_head_back_bit_for_bit(person: Head) -> None:
    assert np.array_equal(rig.pose(person, {}, {}), person.vertices)


def test_mirrored_aus_on_a_mirrored_head_give_the_mirror_image() -> None:
    model = load()
    shape = model.person(model.mean_phenotypes(), {}, 30.0)
    flip, twin = np.array([-1, 1, 1], np.float32), shape.topology.mirror
    even = 0.5 * (shape.vertices + shape.vertices[twin] * flip)
    head = Head(shape.topology, even.astype(np.float32), shape.actions, shape.eyes, 30.0)
    fields = neural.fields(head)
    for au in AUS:
        left, right = fields.field[au]
        assert np.abs(left).max() > 1e-4
        assert np.abs(left - right[twin] * flip).max() < 2e-6


def test_what_no_muscle_moves_stays_exactly_still(person: Head) -> None:
    moved = rig.pose(person, {4: 5}, {4: 5}) != person.vertices
    far = person.vertices[:, 1] < -0.06
    assert moved.any()
    assert not moved[far].any()


def test_the_tongue_sinks_as_lips_part_and_teeth_do_not_bend(person: Head) -> None:
    found, wanted = (each(person, {26: 4}, {26: 4}) for each in (rig.pose, blendshapes.pose))
    behind = person.topology.part != SKIN
    assert (person.topology.part == TONGUE)[behind].any()
    assert np.abs(found[behind] - wanted[behind]).max() < 1e-7


def test_an_au_outside_its_range_raises(person: Head) -> None:
    with pytest.raises(ValueError, match="AU4 on the left must be between 0 and 5, got 6"):
        rig.pose(person, {4: 6}, {})


def test_numpy_and_torch_say_the_same(person: Head) -> None:
    """The twin that training uses, with weights drawn at random."""
    torch.manual_seed(3)
    control = neural._control(12)
    pairs = torch.from_numpy(neural.load().pairs[::50])
    config = NetworkConfig(width=8, blocks=2, code=4, eigenvectors=12)
    network = Network(config, pairs)
    torch.nn.init.normal_(network.maps)
    arrays = {name: value.detach().numpy() for name, value in network.state_dict().items()}
    arrays["maps"] = arrays["maps"].transpose(0, 2, 1)
    facts = {"configuration": {"blocks": 2, "eigenvectors": 12}}
    weights = Weights(arrays, arrays.pop("pairs"), facts)
    size = features.standard(person)
    own = person.vertices[control.skin] * size
    surface = Surface(
        own, features.mean().vertices[control.skin], neural.normals(own, control.triangles),
        person.landmarks(person.vertices) * size,
    )  # fmt: skip
    fast = neural.displacements(weights, surface, control.on, control.to_mesh)
    on = Diffusion(*map(torch.from_numpy, (control.on.values, control.on.vectors, control.on.mass)))
    for side, (seen, mirrored) in enumerate(((surface, False), (surface.mirrored(), True))):
        to = features.entries(weights.pairs, control.to_mesh, mirrored)
        entries = Entries(*map(torch.from_numpy, (to.vertex, to.pair, to.slot, to.weight)))
        inputs = map(torch.from_numpy, features.features(seen))
        slow = network(Seen(*inputs, on, entries)).detach().numpy()
        slow = slow * features.FLIP if mirrored else slow
        assert np.abs(slow).max() > 1
        assert np.abs(fast[side] - slow).max() < 1e-4 * np.abs(slow).max()


def test_landmarks_change_sides_in_the_mirror() -> None:
    marks = features.mean().marks
    assert np.abs(marks[list(MIRROR)] * [-1, 1, 1] - marks).max() < 1.0
    assert all(marks[mark, 0] > -1.0 for mark in LEFT)


def test_entries_carry_every_map_by_its_weight() -> None:
    to_mesh = sparse.csr_array(np.array([[0.25, 0.75, 0.0], [0.0, 0.0, 1.0]]))
    wide = sparse.csr_array(
        (to_mesh.data, to_mesh.indices, to_mesh.indptr), shape=(2, len(load().topology.part))
    )
    pairs = np.array([[0, 2], [1, 2], [1, 5], [2, 0], [7, 1]])
    found = features.entries(pairs, wide, False)
    rows = zip(found.vertex, found.pair, found.slot, found.weight, strict=True)
    expected = {(0, 0, 2, 0.25), (0, 1, 2, 0.75), (0, 2, 5, 0.75), (1, 3, len(AUS), 1.0)}
    assert {tuple(map(float, row)) for row in rows} == expected


def test_gradients_of_a_linear_function_are_its_slope() -> None:
    mesh, _ = topologies.mesh(topologies.load("decimated_1800"), made(3), False)
    gradient, areas = poisson.gradients(mesh.vertices, mesh.triangles)
    slope = np.array([0.3, -1.0, 2.0])
    found = (gradient @ (mesh.vertices @ slope)).reshape(-1, 3)
    corner = mesh.vertices[mesh.triangles]
    normal = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    length = np.linalg.norm(normal, axis=1)
    assert np.allclose(areas, length / 2)
    normal /= length[:, None]
    along = slope - (normal @ slope)[:, None] * normal
    assert np.abs(found - along)[areas > 1e-9].max() < 1e-6


def test_known_displacements_come_back_and_what_is_not_known_lies_between() -> None:
    """On a flat strip a step that is not trusted becomes a straight line."""
    x, y = np.meshgrid(np.arange(41.0), np.arange(3.0), indexing="ij")
    vertices = np.stack([x.ravel(), y.ravel(), 0 * x.ravel()], axis=1)
    place = np.arange(len(vertices)).reshape(41, 3)
    quads = [place[:-1, :-1], place[1:, :-1], place[1:, 1:], place[:-1, 1:]]
    quads = np.stack([each.ravel() for each in quads], axis=1)
    triangles = quads[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3)
    known = np.sin(x).ravel()[:, None]
    sure = poisson.prepare(vertices, triangles, np.ones(len(vertices)))
    assert np.abs(sure.solve(known) - known).max() < 1e-12
    place = x.ravel()
    middle = (place > 10) & (place < 30)
    half = np.where(place < 20, 0.0, 1.0)[:, None]
    filled = poisson.prepare(vertices, triangles, 1.0 * ~middle).solve(half)[:, 0]
    # What is held on both sides gives way over a length: a straight line from 4 mm within them.
    soft = poisson.LENGTH_MM
    line = (place - 10 + soft) / (20 + 2 * soft)
    assert np.abs(filled - line)[middle].max() < 0.02


def test_the_weights_say_what_made_them() -> None:
    facts = neural.load().facts
    assert facts["training"]["people"] >= 100
    assert len(facts["commit"].split()[0].partition("-")[0]) == 40
    assert not set(facts["training"]["topologies"]) & set(topologies.HELD_OUT)


def test_every_au_of_the_set_is_moved_by_muscles_or_lids() -> None:
    assert set(AUS) | {5, 43, 45} == set(facs.AUS)
    assert set(motion.LIDS_ONLY) == {43, 45}
