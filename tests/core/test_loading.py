"""Nothing that is read can run code, and nothing altered is used."""

from __future__ import annotations

import io
import pickle
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from monai_app.core import loading
from monai_app.core.errors import InputRejected
from tests.faults.malicious import MALICIOUS, Payload

STATE = {"step": 7, "network": {"w": torch.arange(3000.0)}, "order": [1, 2], "name": "x"}
READERS: dict[str, Callable[[Path], Any]] = {
    "checkpoint": loading.load_checkpoint,
    "array": loading.load_array,
    "weights": loading.load_weights,
    "json": loading.read_json,
    "yaml": loading.read_yaml,
}


def flipped(path: Path, where: bytes) -> None:
    """Flip one bit of the first byte of ``where`` in a file."""
    data = bytearray(path.read_bytes())
    data[data.index(where)] ^= 1
    path.write_bytes(bytes(data))


def test_payload_would_run_in_a_careless_reader(tmp_path: Path) -> None:
    pickle.loads(pickle.dumps(Payload(tmp_path / "marker")))  # noqa: S301 - shows that the tests below can fail
    assert (tmp_path / "marker").exists()


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("kind", MALICIOUS)
def test_malicious_file_is_refused_and_never_runs(tmp_path: Path, reader: str, kind: str) -> None:
    path = tmp_path / "x.pt"
    path.write_bytes(MALICIOUS[kind](tmp_path / "marker"))
    (tmp_path / "x.pt.sha256").write_text(f"{loading.sha256_bytes(path.read_bytes())}  x.pt\n")
    with pytest.raises(InputRejected, match=r"UNREADABLE|INVALID"):
        READERS[reader](path)
    assert not (tmp_path / "marker").exists()


def test_yaml_tags_make_no_objects(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(f"!!python/object/apply:pathlib.Path.touch [{tmp_path / 'marker'}]")
    with pytest.raises(InputRejected, match="YAML_INVALID"):
        loading.read_yaml(tmp_path / "x.yaml")
    assert not (tmp_path / "marker").exists()


@pytest.mark.parametrize("reader", ["checkpoint", "weights", "json", "yaml"])
def test_missing_file_is_named_as_missing(tmp_path: Path, reader: str) -> None:
    with pytest.raises(InputRejected, match="FILE_NOT_FOUND"):
        READERS[reader](tmp_path / "none")


def test_weights_come_back_bit_equal(tmp_path: Path) -> None:
    tensors = {
        "a": torch.randn(4, 3, generator=torch.Generator().manual_seed(0)).T,
        "b": torch.ones(2, dtype=torch.bfloat16),
    }
    loading.save_weights(tmp_path / "w.safetensors", tensors, {"n": "1"})
    loaded = loading.load_weights(tmp_path / "w.safetensors")
    assert loaded.keys() == tensors.keys()
    assert all(torch.equal(loaded[name], tensors[name]) for name in tensors)


def test_one_wrong_bit_in_weights_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    loading.save_weights(path, {"a": torch.arange(100.0)})
    flipped(path, torch.arange(50.0, 52.0).numpy().tobytes())
    with pytest.raises(InputRejected, match="HASH_MISMATCH"):
        loading.load_weights(path)


@pytest.mark.parametrize("content", [None, "", "\n", "\xff"])
def test_weights_without_a_sound_hash_are_refused(tmp_path: Path, content: str | None) -> None:
    loading.save_weights(tmp_path / "w", {"a": torch.ones(1)})
    side = tmp_path / "w.sha256"
    side.unlink() if content is None else side.write_bytes(content.encode("latin1"))
    with pytest.raises(InputRejected, match=r"HASH_MISSING|HASH_MISMATCH"):
        loading.load_weights(tmp_path / "w")


def test_checked_text_is_read_back_and_refused_when_altered(tmp_path: Path) -> None:
    loading.write_checked_text(tmp_path / "trees.txt", "tree=0 threshold=0.5")
    assert loading.read_checked_bytes(tmp_path / "trees.txt") == b"tree=0 threshold=0.5"
    flipped(tmp_path / "trees.txt", b"5")
    with pytest.raises(InputRejected, match="HASH_MISMATCH"):
        loading.read_checked_bytes(tmp_path / "trees.txt")


def test_checkpoint_comes_back_as_it_was(tmp_path: Path) -> None:
    loading.save_checkpoint(tmp_path / "c.pt", STATE)
    loaded = loading.load_checkpoint(tmp_path / "c.pt")
    assert torch.equal(loaded.pop("network")["w"], STATE["network"]["w"])
    assert loaded == {"step": 7, "order": [1, 2], "name": "x"}


def test_damaged_checkpoint_is_refused_wherever_it_is_cut_or_zeroed(tmp_path: Path) -> None:
    path = tmp_path / "c.pt"
    loading.save_checkpoint(path, STATE)
    whole = path.read_bytes()
    damaged = [whole[:size] for size in range(0, len(whole), 997)]
    damaged += [whole[:size] + bytes(len(whole) - size) for size in range(0, len(whole), 997)]
    for content in damaged:
        path.write_bytes(content)
        with pytest.raises(InputRejected, match="CHECKPOINT_UNREADABLE"):
            loading.load_checkpoint(path)


def test_one_wrong_bit_in_a_checkpoint_is_refused(tmp_path: Path) -> None:
    loading.save_checkpoint(tmp_path / "c.pt", STATE)
    flipped(tmp_path / "c.pt", torch.arange(1500.0, 1502.0).numpy().tobytes())
    with pytest.raises(InputRejected, match="CHECKPOINT_UNREADABLE"):
        loading.load_checkpoint(tmp_path / "c.pt")


def test_checkpoint_that_is_no_dictionary_is_refused(tmp_path: Path) -> None:
    torch.save([1, 2], tmp_path / "c.pt")
    with pytest.raises(InputRejected, match="CHECKPOINT_UNREADABLE"):
        loading.load_checkpoint(tmp_path / "c.pt")


def test_array_comes_back_writable_and_archives_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.arange(6).reshape(2, 3))
    loaded = loading.load_array(tmp_path / "a.npy")
    loaded += 1
    np.testing.assert_array_equal(loaded, np.arange(1, 7).reshape(2, 3))
    np.savez(tmp_path / "a.npz", a=np.ones(2))
    with pytest.raises(InputRejected, match="ARRAY_UNREADABLE"):
        loading.load_array(tmp_path / "a.npz")


def test_array_header_bomb_is_refused_before_allocation(tmp_path: Path) -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (1 << 34,)})
    (tmp_path / "a.npy").write_bytes(header.getvalue() + b"few bytes")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InputRejected, match="ARRAY_UNREADABLE"):
        loading.load_array(tmp_path / "a.npy")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


@pytest.mark.parametrize("text", ["{", "[" * 100_000, "\xff", "{'a': 1}"])
def test_broken_json_is_rejected(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_bytes(text.encode("latin1"))
    with pytest.raises(InputRejected, match="JSON_INVALID"):
        loading.read_json(tmp_path / "x.json")


@pytest.mark.parametrize("text", ["a: [", "a: 2020-13-45", "\x00", "[" * 3_000])
def test_broken_yaml_is_rejected(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.yaml").write_text(text)
    with pytest.raises(InputRejected, match="YAML_INVALID"):
        loading.read_yaml(tmp_path / "x.yaml")


def test_the_header_of_weights_is_read_back_and_damage_is_told(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    loading.save_weights(path, {"a": torch.zeros(1)}, {"about": '{"epoch": 3}'})
    assert loading.weights_notes(path) == {"epoch": 3}
    loading.save_weights(path, {"a": torch.zeros(1)})
    assert loading.weights_notes(path) == {}
    path.write_bytes(b"no header")
    with pytest.raises(InputRejected, match="WEIGHTS_UNREADABLE"):
        loading.weights_notes(path)
