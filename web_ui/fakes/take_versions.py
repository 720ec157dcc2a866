"""FakeVersions: versions that a box makes one after the other, each in a few seconds of its clock."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from web_ui.ports.errors import ControlRefused, NotThere
from web_ui.ports.takes import MOST_JOBS, MOST_VERSIONS, JobView, VersionView

JOB_S = 2.0
STEMS = ("vocals", "drums", "bass", "other")
WITH_STEMS = ("Karaoke", "Drummer's seat", "A cappella", "Bass practice")


@dataclass
class _Job:
    view: JobView
    seconds: float  # of the take
    left_s: float = JOB_S


class FakeVersions:
    """The queue, and what came of it. One thread at a time; whatever is asked brings it up to date first."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._then = clock()
        self._jobs: list[_Job] = []
        self._made: dict[str, list[VersionView]] = {}
        self._count = 0

    def of(self, take: str) -> tuple[VersionView, ...]:
        self._step()
        return tuple(self._made.get(take, ()))

    def retry(self, take: str, name: str, seconds: float, preset: str) -> str:
        self._step()
        ahead = [each.view for each in self._jobs if each.left_s > 0]
        if len(ahead) >= MOST_JOBS:
            raise ControlRefused(f"{MOST_JOBS} versions wait to be made, and more may not: cancel one")
        if len(self._made.get(take, ())) + sum(each.take == take for each in ahead) >= MOST_VERSIONS:
            raise ControlRefused(f"take {take}: {MOST_VERSIONS} versions at most are kept: drop one first")
        self._count += 1
        self._jobs.append(_Job(JobView(str(self._count), take, name, preset, 0.0, "waiting", ""), seconds))
        self._step()
        return str(self._count)

    def jobs(self) -> tuple[JobView, ...]:
        self._step()
        ahead = [each.view for each in self._jobs if each.left_s > 0]
        ended = [each.view for each in reversed(self._jobs) if each.left_s <= 0]
        return (*ahead, *ended)

    def cancel(self, job: str) -> None:
        self._step()
        for each in self._jobs:
            if each.view.id == job and each.left_s > 0:
                each.left_s = 0.0
                each.view = replace(each.view, state="cancelled")
                return
        raise NotThere(f"no version {job[:40]!r} waits or is being made")

    def drop(self, take: str, version: str) -> None:
        kept = [each for each in self.of(take) if each.id != version]
        if len(kept) == len(self.of(take)):
            raise NotThere(f"take {take}: there is no version {version[:40]!r}")
        self._made[take] = kept

    def _step(self) -> None:
        passed, self._then = self._clock() - self._then, self._clock()
        for each in self._jobs:
            if each.left_s <= 0:
                continue
            used = min(passed, each.left_s)
            passed -= used
            each.left_s -= used
            if each.left_s > 0:
                each.view = replace(each.view, state="running", progress=1 - each.left_s / JOB_S)
                return
            version = self._version(each)
            each.view = replace(each.view, state="done", progress=1.0, version=version.id)

    def _version(self, job: _Job) -> VersionView:
        made = self._made.setdefault(job.view.take, [])
        number = 1 + max((int(each.id[1:]) for each in made), default=0)
        id, preset = f"v{number}", job.view.preset
        stems = tuple(f"{id}_{stem}" for stem in STEMS) if preset in WITH_STEMS else ()
        made.append(VersionView(id, preset or "As it was", preset, job.seconds, -18.0 - number, id, stems))
        return made[-1]
