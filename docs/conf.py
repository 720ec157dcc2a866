"""Sphinx with MyST: `make docs` turns these Markdown pages into HTML in build/docs."""

project = "Hushbox"
extensions = ["myst_parser"]
html_theme = "alabaster"
html_theme_options = {"description": "Microphone in, noise gone.", "fixed_sidebar": True}
html_show_sourcelink = False
myst_heading_anchors = 3
exclude_patterns = ["generate.py"]
suppress_warnings = ["myst.header"]  # api.md goes from 1 to 2 and settings.md to 3: no page skips more
