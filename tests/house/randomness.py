"""Draws from a global generator: results would depend on what ran before."""

from __future__ import annotations

import ast

from tests.house.gateways import imported

NUMPY_ALLOWED = {"default_rng", "Generator", "SeedSequence", "RandomState", "PCG64", "Philox", "BitGenerator"}
TORCH_DRAWS = {"rand", "randn", "randint", "randperm", "normal", "multinomial", "bernoulli", "poisson"}
TORCH_SEEDS = {"manual_seed", "seed", "set_rng_state"}


def global_draws(source: str) -> list[str]:
    """Uses of the global generators of random, NumPy and torch."""
    tree = ast.parse(source)
    found = [f"{line}: the module random is global" for line, name in imported(tree) if name.split(".")[0] == "random"]
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            path = _dotted(node)
            if path[:2] in (["np", "random"], ["numpy", "random"]) and path[2:] and path[2] not in NUMPY_ALLOWED:
                found.append(f"{node.lineno}: {'.'.join(path)} is global")
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            path, keywords = _dotted(node.func), {keyword.arg for keyword in node.keywords}
            if path[:1] == ["torch"] and (path[-1] in TORCH_SEEDS or (path[1:] and path[1] == "random")):
                found.append(f"{node.lineno}: {'.'.join(path)} sets the global generator")
            if path[:1] == ["torch"] and path[1:] and path[1] in TORCH_DRAWS and "generator" not in keywords:
                found.append(f"{node.lineno}: {'.'.join(path)} without generator=")
    return found


def _dotted(node: ast.expr) -> list[str]:
    """``np.random.rand`` as its three names; empty where the root is no plain name."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return [node.id, *reversed(names)] if isinstance(node, ast.Name) else []
