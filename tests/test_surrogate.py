"""Who is in a surrogate of UNBC-McMaster, what they do, and what is coded of it; nothing drawn."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from assets import facs, unbc
from assets.facs import AUS
from assets.streams import stream
from assets.unbc import SUBJECTS
from generator.config import HIGHEST_SEED, GenerateConfig
from generator.identity import make_identity
from generator.pain import UNBC
from generator.surrogate import coding, episode, files, openface, people, plan
from generator.surrogate.acting import Act, _cut, act
from generator.surrogate.config import SurrogateConfig
from generator.surrogate.episode import PLACE
from generator.surrogate.film import act_of, light_in, round_head
from generator.surrogate.names import SEQUENCES, place
from render.camera import VIEWER, Camera, intrinsics, project
from render.light import Light, irradiance
from rigging.training.config import TrainConfig

LIKE_UNBC = SurrogateConfig(sequences=8, frames=242)


@pytest.fixture(scope="module")
def acts() -> list[tuple[plan.Sequence, Act]]:
    seed = plan.people_seed(LIKE_UNBC)
    return [(s, act_of(s, seed)) for s in plan.sequences(LIKE_UNBC)]


def lid(one: Act) -> np.ndarray:
    return np.minimum(one.left[:, PLACE[45]], one.right[:, PLACE[45]])


def code(one: Act, au: int) -> np.ndarray:
    return one.codes[:, unbc.CODED.index(au)]


def test_names_are_those_of_the_archive() -> None:
    assert len(SUBJECTS) == len(set(SUBJECTS)) == 25
    assert all(name[:3] == name[-3:] and name[3] == "-" for name in SUBJECTS)
    assert len(set(SEQUENCES)) == 16
    first = place(0, 0)
    assert str(first.image(1)) == "Images/042-ll042/ll042t1aaaff/ll042t1aaaff001.png"
    assert (
        str(first.pspi(12)) == "Frame_Labels/PSPI/042-ll042/ll042t1aaaff/ll042t1aaaff012_facs.txt"
    )
    assert (
        str(first.facs(12)) == "Frame_Labels/FACS/042-ll042/ll042t1aaaff/ll042t1aaaff012_facs.txt"
    )
    assert str(first.landmarks(3)) == "AAM_landmarks/042-ll042/ll042t1aaaff/ll042t1aaaff003_aam.txt"
    assert str(first.scale("VAS")) == "Sequence_Labels/VAS/042-ll042/ll042t1aaaff.txt"
    assert str(place(11, 11).image(7)).endswith("tv095t2aeunaff/tv095t2aeunaff007.png")


def test_frames_have_the_distribution_of_the_archive() -> None:
    # Frames of one episode are alike, so it takes some thousand episodes to see.
    counted, sizes = np.zeros(17, int), []
    for seed in range(4):
        config = SurrogateConfig(sequences=8, frames=242, seed=seed)
        levels = [
            coding.pspi(act_of(sequence, plan.people_seed(config)).codes)
            for sequence in plan.sequences(config)
        ]
        counted += np.bincount(np.concatenate(levels), minlength=17)
        sizes.append(sum(len(one) for one in levels))
    assert 47_000 < min(sizes) <= max(sizes) < 50_000
    share = counted / counted.sum()
    for (low, high), per_cent in UNBC.items():
        most = 0.02 if low == 0 else 0.1 + 0.08 * per_cent
        assert abs(100 * share[low : high + 1].sum() - per_cent) < most, low


@pytest.mark.parametrize(("frames", "share"), [(6, 0.1729), (6, 0.5), (60, 0.3), (242, 0.6)])
def test_as_many_frames_are_in_pain_as_was_planned(frames: int, share: float) -> None:
    config = SurrogateConfig(sequences=2, frames=frames, pain=share, seed=5)
    planned = plan.sequences(config)
    total = sum(s.frames for s in planned)
    assert abs(sum(s.in_pain for s in planned) - share * total) <= 1
    assert abs(total - frames * len(planned)) < 0.03 * total
    for sequence in planned:
        one = act_of(sequence, plan.people_seed(config))
        assert (coding.pspi(one.codes) > 0).sum() == sequence.in_pain
        assert sequence.in_pain <= 0.8 * sequence.frames + 1


def test_lengths_and_arms_are_as_in_the_archive() -> None:
    planned = plan.sequences(LIKE_UNBC)
    frames = np.array([s.frames for s in planned])
    assert 90 <= frames.min() < 110
    assert 400 < frames.max() <= 700
    share = np.array([s.in_pain / s.frames for s in planned])
    affected = np.array([not s.place.sequence.endswith("unaff") for s in planned])
    assert share[affected].mean() > 1.5 * share[~affected].mean() > 0
    assert (share == 0).mean() > 0.2
    longest = plan.sequences(SurrogateConfig(sequences=16, frames=499))
    assert max(s.frames for s in longest) <= 999


def test_every_frame_is_a_face_that_can_be(acts: list[tuple[plan.Sequence, Act]]) -> None:
    for sequence, one in acts[::10]:
        for number in range(sequence.frames):
            for side in (one.left, one.right):
                aus = dict(zip(AUS, side[number].tolist(), strict=True))
                facs.check(aus, f"{sequence.place.stem(number + 1)}")
            for au in facs.CENTRAL:
                assert one.left[number, PLACE[au]] == one.right[number, PLACE[au]]


def test_codes_are_rounded_and_pspi_is_of_the_codes(
    acts: list[tuple[plan.Sequence, Act]],
) -> None:
    for _, one in acts[::7]:
        for au in (4, 6, 7, 9, 10, 12, 20, 25, 26, 27):
            true = np.maximum(one.left, one.right)[:, PLACE[au]]
            assert np.abs(code(one, au) - true).max() <= 0.5
        for row, level in zip(one.codes.tolist(), coding.pspi(one.codes), strict=True):
            assert facs.pspi(dict(zip(unbc.CODED, row, strict=True))) == level


def test_pain_comes_and_goes_smoothly_each_action_unit_in_its_time() -> None:
    rng = np.random.default_rng(3)
    apart = []
    time = (np.arange(1000) + 0.5) / 1000
    for _ in range(200):
        one = episode.draw_episode_of(7, rng)
        course, _ = one.at(time)
        graded = [PLACE[au] for au in (4, 6, 7, 9, 10) if one.left[PLACE[au]] > 1]
        onsets = []
        for column in graded:
            half = np.flatnonzero(course[:, column] >= one.left[column] / 2)
            onsets.append(time[half[0]])
            # One hill: up, then down, no faster than its rise allows.
            steps = np.diff(course[:, column])
            turned = np.flatnonzero(np.diff(np.sign(steps[steps != 0])))
            assert len(turned) == 1
            assert np.abs(steps).max() <= 1.5 * one.left[column] / (0.06 * 1000)
            assert course[0, column] < 0.1
            assert course[-1, column] < 0.1
        if len(onsets) > 1:
            apart.append(max(onsets) - min(onsets))
    assert np.median(apart) > 0.04
    assert len(apart) > 150


def test_pain_lies_between_neutral_stretches(acts: list[tuple[plan.Sequence, Act]]) -> None:
    runs, still = 0, 0
    for sequence, one in acts:
        level = coding.pspi(one.codes)
        edges = np.flatnonzero(np.diff(np.pad(level > 0, 1).astype(int)))
        lengths = edges[1::2] - edges[::2]
        runs += len(lengths)
        assert lengths.sum() == sequence.in_pain
        still += (one.codes == 0).all(axis=1).sum()
        for begin, end in zip(edges[::2], edges[1::2], strict=True):
            assert level[begin:end].max() >= max(level[begin], level[end - 1])
    assert runs > 200
    assert still / sum(s.frames for s, _ in acts) > 0.6


def test_a_blink_is_not_coded_and_closed_eyes_are(
    acts: list[tuple[plan.Sequence, Act]],
) -> None:
    blinks = shut = smiles = 0
    for _, one in acts:
        closed = lid(one) >= 5
        assert closed[code(one, 43) == 1].all()
        shut += (code(one, 43) == 1).sum()
        blinks += (closed & (code(one, 43) == 0)).sum()
        smiles += ((code(one, 12) > 0) & (coding.pspi(one.codes) == 0)).sum()
    frames = sum(s.frames for s, _ in acts)
    # Some 16 blinks a minute with the lids shut for a frame or two.
    assert 0.005 < blinks / frames < 0.03
    assert shut > 100
    assert smiles > 500


def test_heads_turn_slowly_and_eyes_jump(acts: list[tuple[plan.Sequence, Act]]) -> None:
    steps = np.concatenate([np.degrees(np.diff(one.turn, axis=0)) for _, one in acts])
    assert np.percentile(np.abs(steps), 99) < 1.5
    turn = np.concatenate([np.degrees(one.turn) for _, one in acts])
    assert (2 < turn.std(axis=0)).sum() >= 2
    assert np.abs(turn).max() <= 14.001
    jumps = np.concatenate([np.abs(np.diff(one.gaze, axis=0)).max(axis=(1, 2)) for _, one in acts])
    assert 0.01 < (jumps > 0).mean() < 0.1


def test_numbers_are_cut_evenly() -> None:
    rng = np.random.default_rng(0)
    seen: dict[tuple[int, ...], int] = {}
    for _ in range(3000):
        parts = tuple(_cut(5, 3, 1, rng))
        assert sum(parts) == 5
        assert min(parts) >= 1
        seen[parts] = seen.get(parts, 0) + 1
    assert len(seen) == 6
    assert min(seen.values()) > 400


def test_one_frame_can_be_a_sequence() -> None:
    for in_pain in (0, 1):
        one = act(1, in_pain, np.random.default_rng(1))
        assert (coding.pspi(one.codes) > 0).sum() == in_pain


def test_labels_of_a_sequence_grow_with_its_pain() -> None:
    rng = np.random.default_rng(0)
    none, much = np.zeros(100, np.int64), np.r_[np.zeros(50, np.int64), np.full(50, 12)]
    low = [coding.scales(none, rng) for _ in range(200)]
    high = [coding.scales(much, rng) for _ in range(200)]
    for name, top in (("VAS", 10), ("OPR", 5), ("AFF", 14), ("SEN", 14)):
        values = np.array([[getattr(s, name) for s in group] for group in (low, high)])
        assert values.min() >= 0
        assert values.max() <= top
        shown = 0.75 * np.sqrt(12 / 16) + 0.25 * 0.5
        assert abs(values[1].mean() / top - shown) < 0.04
        assert values[0].mean() < 0.1 * top


def test_nobody_in_it_can_be_in_another_data_set() -> None:
    seeds = [plan.people_seed(SurrogateConfig(seed=seed)) for seed in (0, 1, HIGHEST_SEED)]
    assert len(set(seeds)) == 3
    for seed in seeds:
        # Whatever seed a surrogate is given, no other command takes the one that its people have.
        with pytest.raises(ValueError, match="seed must be"):
            GenerateConfig(seed=seed)
        with pytest.raises(ValueError, match="seed must be"):
            TrainConfig(seed=seed)
    config = SurrogateConfig()
    who = [people.identity(config, subject) for subject in range(25)]
    assert min(one.person.age_years for one in who) >= 18
    ours = {one.person.age_years for one in who}
    for seed in range(4):
        same = {make_identity(k, 25, seed, people.AGES).person.age_years for k in range(25)}
        assert len(same) == len(ours) == 25
        assert not ours & same
    other = people.identity(SurrogateConfig(seed=1), 0)
    assert other.person.age_years not in ours


def test_files_have_the_format_of_the_archive() -> None:
    assert files.rows([[0.0]]) == b"   0.0000000e+00\n"
    codes = [2, 0, 3, 0, 0, 1, 0, 0, 0, 0, 1]
    assert files.rows(files.facs_rows(codes)).decode() == (
        "   4.0000000e+00   2.0000000e+00   0.0000000e+00   0.0000000e+00\n"
        "   7.0000000e+00   3.0000000e+00   0.0000000e+00   0.0000000e+00\n"
        "   1.2000000e+01   1.0000000e+00   0.0000000e+00   0.0000000e+00\n"
        "   4.3000000e+01   0.0000000e+00   0.0000000e+00   0.0000000e+00\n"
    )
    assert files.rows(files.facs_rows([0] * 11)) == b""
    assert len(files.IN_66) == 66
    assert set(range(68)) - set(files.IN_66) == {60, 64}


def test_openface_reads_what_is_there_with_noise() -> None:
    config = SurrogateConfig(sequences=8, frames=200, pain=0.5)
    true, read, found = [], [], []
    for sequence in plan.sequences(config)[::8]:
        one = act_of(sequence, plan.people_seed(config))
        lines = openface.csv(one.left, one.right, stream(0, 0, "t")).decode().splitlines()
        header = lines[0].split(",")
        assert header[0] == "frame"
        assert all(name.startswith(" ") for name in header[1:])
        names = [name.strip() for name in header]
        assert sum(name.endswith("_r") for name in names) == 17
        table = np.array([[float(v) for v in line.split(",")] for line in lines[1:]])
        assert table[:, 0].tolist() == list(range(1, sequence.frames + 1))
        success = table[:, names.index("success")]
        columns = [names.index(f"AU{au:02d}_r") for au in facs.OPENFACE_AUS]
        assert not table[success == 0][:, columns].any()
        assert (table[success == 0, names.index("confidence")] < 0.5).all()
        seen = success == 1
        true.append(
            np.maximum(one.left, one.right)[seen][:, [PLACE[au] for au in facs.OPENFACE_AUS]]
        )
        read.append(table[seen][:, columns])
        found.append(success)
    true, read = np.concatenate(true), np.concatenate(read)
    assert read.min() >= 0
    assert read.max() <= 5
    for column, au in enumerate(facs.OPENFACE_AUS):
        if true[:, column].std() > 0.3:
            assert 0.6 < np.corrcoef(true[:, column], read[:, column])[0, 1] < 0.995, au
    lost = 1 - np.concatenate(found).mean()
    assert 0.01 < lost < 0.12


def test_camera_and_light_go_round_the_head_as_the_head_would_turn() -> None:
    rng = np.random.default_rng(0)
    way = Rotation.from_euler("yxz", (12, -7, 5), degrees=True).as_matrix()
    pivot = np.array([0.0, -0.1, -0.02])
    extrinsics = np.concatenate([VIEWER, [[0.0], [0.0], [1.5]]], axis=1)
    camera = Camera(intrinsics(400.0, 320, 240), extrinsics, 320, 240)
    points = rng.normal(0, 0.1, (20, 3))
    turned = (points - pivot) @ way.T + pivot
    for ours, theirs in zip(
        project(round_head(camera, way, pivot), points), project(camera, turned), strict=True
    ):
        assert np.allclose(ours, theirs, atol=1e-6)
    light = Light(
        rng.uniform(0, 1, (9, 3)).astype(np.float32),
        np.array([0.6, 0.0, 0.8], np.float32),
        np.ones(3, np.float32),
    )
    normals = rng.normal(size=(20, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    moved = light_in(light, way)
    assert np.allclose(
        irradiance(moved.sh, normals), irradiance(light.sh, normals @ way.T), atol=1e-4
    )
    assert np.allclose(normals @ moved.key_direction, normals @ way.T @ light.key_direction)


def test_what_cannot_be_made_is_refused() -> None:
    for options, text in (
        ({"subjects": 26}, "subjects must be from 1 to 25, got 26"),
        ({"sequences": 0}, "sequences must be from 1 to 16, got 0"),
        ({"frames": 500}, "frames must be from 1 to 499, got 500"),
        ({"width": 31}, "width must be from 32 to 1024, got 31"),
        ({"seed": -1}, "seed must be from 0 to 9223372036854775807, got -1"),
        ({"pain": 0.0}, "pain must be above 0 and at most 0.6, got 0.0"),
    ):
        with pytest.raises(ValueError, match=text.replace("(", r"\(")):
            SurrogateConfig(**options)
