"""Checks that a loaded graph is the one that its bundle.toml describes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dsp.inference.bundle import Bundle, BundleError


def check_graph(
    bundle: Bundle, runtime: str, inputs: Mapping[str, Sequence[object]], outputs: Mapping[str, Sequence[object]]
) -> None:
    """inputs, outputs: shape by name, as the runtime reports them. Raises BundleError with every difference."""
    file = bundle.files[runtime]
    wanted = [
        ("input", file.input, inputs, bundle.input_size),
        ("state_in", file.state_in, inputs, bundle.state_size),
        ("output", file.output, outputs, bundle.output_size),
        ("state_out", file.state_out, outputs, bundle.state_size),
    ]
    mistakes = []
    for key, name, found, size in wanted:
        if name not in found:
            known = ", ".join(found)
            mistakes.append(f"{file.path}: files.{runtime}.{key} = {name!r}: the graph has {known}")
        elif tuple(found[name]) != (1, size):
            mistakes.append(f"{file.path}: {name} has shape {tuple(found[name])}: bundle.toml says (1, {size})")
    if mistakes:
        raise BundleError("\n".join(mistakes))
