"""The part in C of the package, dsp.native._hop, and the docs as data. All else about the package is in pyproject.toml.

The C part is optional: where there is no compiler the installation goes on without it, and NumPy does the same, slower.
HUSHBOX_NATIVE=0 leaves it out on purpose. HUSHBOX_SANITIZE=1 builds it for `make native-sanitize`.
"""

import os
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_py import build_py

FAST = ["-O3", "-fno-math-errno", "-fno-trapping-math", "-fopenmp-simd"]
STRICT = ["-std=c11", "-Wall", "-Wextra", "-fvisibility=hidden"]
EXPORTS = "dsp/native/exports.map"
SANITIZE = ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"]


class Build(build_py):
    """Packs the docs' pages and pictures, but not the programs beside them."""

    def find_package_modules(self, package: str, package_dir: str) -> list[tuple[str, str, str]]:
        return [] if package == "docs" else super().find_package_modules(package, package_dir)


folder = Path("dsp/native")
sanitize = SANITIZE if os.environ.get("HUSHBOX_SANITIZE") == "1" else []
hop = Extension(
    "dsp.native._hop",
    sorted(str(path) for path in folder.glob("*.c")),
    depends=["setup.py", EXPORTS, *sorted(str(path) for path in folder.glob("*.h"))],
    extra_compile_args=STRICT + FAST + sanitize,
    extra_link_args=[f"-Wl,--version-script={EXPORTS}", *(sanitize or ["-s"])],
    libraries=["m"],
    py_limited_api=True,  # one build for Python 3.11 and later
    optional=True,
)
if os.environ.get("HUSHBOX_NATIVE") == "0":
    setup(cmdclass={"build_py": Build})
else:
    setup(cmdclass={"build_py": Build}, ext_modules=[hop], options={"bdist_wheel": {"py_limited_api": "cp311"}})
