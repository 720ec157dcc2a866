"""Every kind of model this box can load. A new kind declares its bundles in a file of its own and is listed here."""

from __future__ import annotations

from dsp.layouts import denoise, stems
from dsp.layouts.declared import Catalogue

CATALOGUE = Catalogue(*denoise.BUNDLES, *stems.BUNDLES)
