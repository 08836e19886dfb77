"""FLAME files of every make are read alike, what is not one is named, and nothing in them runs."""

import io
import os
import pickle
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from assets import flame_file, inert_pickle
from tests import flame_files
from tests.flame_files import BALL, SKIN, contents, write

KINDS = ("2023", "numpy 2", "chumpy", "npz")


@pytest.mark.parametrize("kind", KINDS)
def test_every_make_of_file_gives_the_same_numbers(tmp_path: Path, kind: flame_files.Kind) -> None:
    made, true = flame_file.read(write(tmp_path / "flame.npz", kind)), contents()
    assert np.array_equal(made.vertices, true["v_template"])
    assert np.array_equal(made.triangles, true["f"])
    assert np.array_equal(made.identity, true["shapedirs"][..., :300])
    assert np.bincount(made.part).tolist() == [SKIN, BALL, BALL]
    assert (made.vertices[made.part == 1, 0] > 0).all()
    assert (made.vertices[made.part == 2, 0] < 0).all()


class Runs:
    """Pickles as a call of a function."""

    def __init__(self, function: object, *given: object) -> None:
        self.call = (function, given)

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return self.call


def calls(name: str, *given: str) -> bytes:
    """A pickle that calls a function by its name."""
    module, _, function = name.rpartition(".")
    texts = b"".join(b"V" + text.encode() + b"\n" for text in given)
    return b"c" + module.encode() + b"\n" + function.encode() + b"\n(" + texts + b"tR."


@pytest.mark.parametrize(
    "name",
    [
        "os.system", "posix.system", "subprocess.Popen", "builtins.eval", "__builtin__.eval",
        "builtins.exec", "builtins.getattr", "builtins.__import__", "numpy.load", "numpy.fromfile",
        "numpy.save", "numpy.ndarray.tofile", "numpy.core.multiarray.fromfile",
        "numpy._core.multiarray._reconstruct.x", "ctypes.CDLL", "importlib.import_module",
        "scipy.sparse.load_npz", "scipy.sparse._csc.os.system", "pickle.loads", "operator.call",
        "codecs.open", "_codecs.lookup", "shutil.rmtree", "functools.partial", "chumpyx.Ch",
        "numpy.f2py.crackfortran.myeval", "assets.flame_file.read",
    ],
)  # fmt: skip
def test_a_hostile_pickle_is_refused_by_name_and_nothing_in_it_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "flame.pkl"
    path.write_bytes(calls(name, "touch ran", "w"))
    module, _, function = name.rpartition(".")
    with pytest.raises(ValueError, match=rf"must hold arrays alone, got {module}.{function}$"):
        flame_file.read(path)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["flame.pkl"]


def test_a_call_hidden_among_true_arrays_is_refused(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    for protocol in (0, 2, 4, 5):
        evil = Runs(os.system, f"touch {ran}")
        data = pickle.dumps({**contents(), "J": evil}, protocol)
        (tmp_path / "flame.pkl").write_bytes(data)
        with pytest.raises(ValueError, match=r"arrays alone, got posix.system$"):
            flame_file.read(tmp_path / "flame.pkl")
    inside = np.array([Runs(os.system, f"touch {ran}")], dtype=object)
    np.savez(tmp_path / "flame.npz", **{**contents(), "J_regressor": inside})
    with pytest.raises(ValueError, match=r"J_regressor must hold arrays alone, got posix.system$"):
        flame_file.read(tmp_path / "flame.npz")
    assert not ran.exists()


@pytest.mark.parametrize("known", ["numpy.ndarray", "chumpy.ch.Ch", "numpy.dtype", "builtins.set"])
def test_a_pickle_cannot_change_the_classes_that_stand_in(tmp_path: Path, known: str) -> None:
    module, _, name = known.rpartition(".")
    # BUILD with a state of (None, {"name": "x"}) sets attributes of what lies under it.
    data = f"c{module}\n{name}\n(N(dVname\nVx\nstb.".encode()
    made = inert_pickle._KNOWN.get((module, name), inert_pickle.Chumpy)
    before = dict(vars(made))
    with pytest.raises(ValueError, match="must be a pickle that can be read"):
        inert_pickle.load(data, "flame.pkl")
    assert dict(vars(made)) == before


@pytest.mark.parametrize(
    "data",
    [
        b"", b".", b"\x80\x04", b"not a pickle", b"\x80\x05\x96\xff\xff\xff\xff\xff\xff\x00\x00ab.",
        b"Nr\xff\xff\xff\x7f.", b"Np2000000000\n.", b"\x82\x01.", b"P1\n.", b"(" * 200_000 + b".",
        b"cnumpy.core.multiarray\n_reconstruct\n(tR(NNtb.", b"I1\n(NNtb.",
    ],
)  # fmt: skip
def test_what_is_no_pickle_is_named(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "flame.pkl").write_bytes(data)
    with pytest.raises(ValueError, match=r"flame.pkl must (be a pickle that can|have at most)"):
        flame_file.read(tmp_path / "flame.pkl")


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("f", None, r"f must be there, got J_regressor, bs_style, "),
        ("f", np.zeros((9975, 3), int), r"f must have shape \(9976, 3\), got \(9975, 3\)$"),
        ("f", np.full((9976, 3), 5023), r"f must hold vertices from 0 to 5022, got 5023 to 5023$"),
        ("f", np.zeros((9976, 3), int), r"f must join a skin of 3931 vertices and two eyeballs"),
        (
            "shapedirs", np.zeros((5023, 3, 300)),
            r"shapedirs must have shape \(5023, 3, 400\), got \(5023, 3, 300\)$",
        ),
        ("v_template", np.full((5023, 3), np.nan), r"v_template must be finite, got 15069 not$"),
        ("v_template", "text", r"v_template must be an array of numbers, got str$"),
        ("posedirs", np.array(["a"]), r"posedirs must be an array of numbers: must be numbers"),
        ("weights", np.array([{}], object), r"weights must be an array of numbers: must be num"),
        ("kintree_table", 7, r"kintree_table must be an array of numbers, got int$"),
        (
            "J_regressor", sparse.csr_matrix(np.eye(5)),
            r"J_regressor must have shape \(5, 5023\), got \(5, 5\)$",
        ),
    ],
)  # fmt: skip
def test_an_array_unlike_flames_is_named_with_what_was_expected(
    tmp_path: Path, key: str, value: object, text: str
) -> None:
    cheap = (
        {} if key in ("f", "v_template", "shapedirs") else {"shapedirs": np.zeros((5023, 3, 400))}
    )
    path = write(tmp_path / "flame.pkl", "numpy 2", **{**cheap, key: value})
    with pytest.raises(ValueError, match=rf"^{path}: {text}"):
        flame_file.read(path)


def test_units_and_size_are_held_to_their_range(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "flame.pkl", "numpy 2", v_template=100 * contents()["v_template"])
    with pytest.raises(ValueError, match=r"v_template must be from 0.15 to 0.6 metres high, got 2"):
        flame_file.read(path)
    monkeypatch.setattr(flame_file, "LARGEST", 1_000_000)
    with pytest.raises(ValueError, match=r"flame.pkl must have at most 1000000 bytes, got \d+$"):
        flame_file.read(path)


def test_an_npz_that_unfolds_to_more_than_it_may_is_not_unfolded(tmp_path: Path) -> None:
    bomb = tmp_path / "flame.npz"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        for key in ("f", "weights", "posedirs"):
            archive.writestr(f"{key}.npy", bytes(100_000_000))
    assert bomb.stat().st_size < 1_000_000
    with pytest.raises(ValueError, match=r"flame.npz must hold at most \d+ bytes, got more$"):
        flame_file.read(bomb)
    # A header that promises more than the member has.
    file = io.BytesIO()
    header = {"descr": "<f8", "fortran_order": False, "shape": (10**12,)}
    np.lib.format.write_array_header_1_0(file, header)
    with zipfile.ZipFile(bomb, "w") as archive:
        archive.writestr("f.npy", file.getvalue())
    with pytest.raises(ValueError, match=r"f must have the bytes of its shape \(10{12},\), got 0$"):
        flame_file.read(bomb)
    with zipfile.ZipFile(bomb, "w") as archive:
        archive.writestr("f.npy", b"nothing of the kind")
    with pytest.raises(ValueError, match="magic string is not correct"):
        flame_file.read(bomb)
    bomb.write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(ValueError, match=r"flame.npz must be an npz that can be read: "):
        flame_file.read(bomb)


@pytest.mark.parametrize("kind", ["csc", "csr"])
def test_sparse_matrices_are_put_together_from_checked_places(kind: str) -> None:
    rng = np.random.default_rng(3)
    true = np.where(rng.random((5, 30)) < 0.2, rng.random((5, 30)), 0.0)
    for matrix in (sparse.coo_matrix(true).asformat(kind), sparse.coo_array(true).asformat(kind)):
        data = pickle.dumps(matrix, 2)
        held = inert_pickle.load(data, "x")
        assert np.array_equal(inert_pickle.array(held, "x"), true)
        assert isinstance(held, inert_pickle.Sparse)
        held.state["indptr"] = np.array([0, 2**40, len(matrix.data)])
        with pytest.raises(ValueError, match="rows that do not end where its numbers do"):
            inert_pickle.array(held, "x")
        held.state["_shape"] = (10**9, 10**9)
        with pytest.raises(ValueError, match="must be an array of numbers: got a shape of 10"):
            inert_pickle.array(held, "x")


def test_smplx_gives_the_same_people(tmp_path: Path) -> None:
    smplx = pytest.importorskip("smplx", reason="smplx is not installed")
    torch = pytest.importorskip("torch", reason="torch is not installed")
    write(tmp_path / "FLAME_NEUTRAL.pkl", "numpy 2")
    landmarks = {"lmk_face_idx": np.zeros(51, int), "lmk_b_coords": np.full((51, 3), 1 / 3)}
    (tmp_path / "flame_static_embedding.pkl").write_bytes(pickle.dumps(landmarks))
    there = smplx.FLAME(str(tmp_path), num_betas=300, num_expression_coeffs=100)
    made = flame_file.read(tmp_path / "FLAME_NEUTRAL.pkl")
    betas = np.random.default_rng(1).standard_normal(300)
    with torch.no_grad():
        theirs = there(betas=torch.tensor(betas, dtype=torch.float32)[None]).vertices[0].numpy()
    assert np.abs(theirs - (made.vertices + made.identity @ betas)).max() < 1e-6
    assert np.array_equal(there.faces, made.triangles)


@pytest.mark.parametrize("way", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_unfolds_a_block_at_once_is_not_unfolded(tmp_path: Path, way: int) -> None:
    with zipfile.ZipFile(tmp_path / "flame.npz", "w", way) as archive:
        archive.writestr("f.npy", bytes(1000))
    with pytest.raises(ValueError, match=r"flame.npz must be an npz .*: members must be stored or"):
        flame_file.read(tmp_path / "flame.npz")


def test_a_member_gives_no_more_than_it_states(tmp_path: Path) -> None:
    path = tmp_path / "flame.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("f.npy", bytes(100_000_000))
    # Both of the member's headers say that it has 1000 bytes.
    true, said = (count.to_bytes(4, "little") for count in (100_000_000, 1000))
    content = path.read_bytes()
    assert content.count(true) == 2
    path.write_bytes(content.replace(true, said))
    tracemalloc.start()
    with pytest.raises(ValueError, match=r"flame.npz must be an npz that can be read: Bad CRC-32"):
        flame_file.read(path)
    assert tracemalloc.get_traced_memory()[1] < 2_000_000
    tracemalloc.stop()


@pytest.mark.parametrize(
    ("header", "text"),
    [
        ("{'descr': '<f8', 'fortran_order': False, 'shape': (-1, -2)}", r"of its shape \(-1, -2\)"),
        (
            "{'descr': '<f8', 'fortran_order': False, 'shape': (0, 9" + "0" * 30 + ")}",
            "an npy array",
        ),
        ("{'descr': 'what', 'fortran_order': False, 'shape': (1,)}", "be an npy array: descr is"),
        ("{'descr': '<f8', (", "be an npy array: "),
    ],
)
def test_a_damaged_array_is_named(tmp_path: Path, header: str, text: str) -> None:
    path, line = tmp_path / "flame.npz", header.encode() + b"\n"
    content = b"\x93NUMPY\x01\x00" + len(line).to_bytes(2, "little") + line
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("f.npy", content + bytes(16) * ("-1" in header))
    with pytest.raises(ValueError, match=rf"^{path}: f must .*{text}"):
        flame_file.read(path)


@pytest.mark.parametrize("fold", [b"2\x86", b"q\x000h\x00h\x00\x86", b"q\x000(h\x00h\x00t"])
def test_tuples_in_tuples_are_not_hashed_as_keys(fold: bytes) -> None:
    # A dictionary whose key is a tuple of 2**60 things.
    data = b"\x80\x02})" + fold * 60 + b"K\x01s."
    with pytest.raises(ValueError, match=r"x must have tuples of at most 1000 things, got more$"):
        inert_pickle.load(data, "x")


@pytest.mark.parametrize("protocol", range(6))
def test_plain_tuples_stay(protocol: int) -> None:
    shared = (1, (2, "three"))
    made = {"a": [shared, shared], ("b", shared): (shared, [shared], {}, True)}
    assert inert_pickle.load(pickle.dumps(made, protocol), "x") == made


def test_a_zip_that_leads_before_its_beginning_is_named(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, f=np.arange(6), v_template=np.ones((4, 3)))
    path, data = tmp_path / "a.npz", buffer.getvalue()
    path.write_bytes(data[: len(data) // 2] + data[len(data) // 2 + 1 :])
    with pytest.raises(ValueError, match=r"a\.npz must be an npz that can be read: "):
        flame_file.read(path)
