"""The chains this box knows how to make."""

from __future__ import annotations

from pathlib import Path

from dsp.bundle import Bundle
from dsp.chain import Chain
from dsp.denoise import Denoise
from dsp.inference import open_model


def build_chain(bundle_folder: Path | str | None, runtime: str = "auto", *, real_time: bool = True) -> Chain:
    """The voice chain with the bundle in `bundle_folder`, loaded, checked and warmed; None makes a dry chain.

    runtime: "auto" or one of dsp.bundle.RUNTIMES. real_time: False for files, where no model step is ever late.
    Not while streaming. Raises BundleError, BundleHashError, RuntimeUnfitError.
    """
    if bundle_folder is None:
        return Chain()
    bundle = Bundle.load(bundle_folder)
    return Chain([Denoise(bundle, open_model(bundle, runtime), real_time=real_time)])
