"""The part in C of the package, dsp.native._hop. All else about the package is in pyproject.toml.

It is optional: where there is no compiler the installation goes on without it, and NumPy does the same work, slower.
HUSHBOX_NATIVE=0 leaves it out on purpose. HUSHBOX_SANITIZE=1 builds it for `make native-sanitize`.
"""

import os
from pathlib import Path

from setuptools import Extension, setup

FAST = ["-O3", "-fno-math-errno", "-fno-trapping-math", "-fopenmp-simd"]
STRICT = ["-std=c11", "-Wall", "-Wextra", "-fvisibility=hidden"]
SANITIZE = ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"]

folder = Path("dsp/native")
sanitize = SANITIZE if os.environ.get("HUSHBOX_SANITIZE") == "1" else []
hop = Extension(
    "dsp.native._hop",
    sorted(str(path) for path in folder.glob("*.c")),
    depends=["setup.py", *sorted(str(path) for path in folder.glob("*.h"))],
    extra_compile_args=STRICT + FAST + sanitize,
    extra_link_args=sanitize or ["-s"],
    libraries=["m"],
    py_limited_api=True,  # one build for Python 3.11 and later
    optional=True,
)
if os.environ.get("HUSHBOX_NATIVE") == "0":
    setup()
else:
    setup(ext_modules=[hop], options={"bdist_wheel": {"py_limited_api": "cp311"}})
