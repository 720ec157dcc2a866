"""In which language a request is answered, and what the box itself says in it."""

from collections.abc import Callable, Mapping, Sequence
from typing import cast

from flask import Flask, Response, after_this_request, current_app, request
from werkzeug.wrappers import Request

from web_ui import texts
from web_ui.ports.live import ParamView
from web_ui.texts.sentences import Sentences

COOKIE = "hushbox-language"  # what a phone has chosen under Set up (js/views/setup/phone.js)
Say = Callable[[str], str]
_EXTENSION = "hushbox.languages"


class Languages:
    """The languages of one app. Any thread."""

    def __init__(self, params: Sequence[ParamView], trial: texts.Language | None = None) -> None:
        """params: their names are part of what the box says. trial: see web_ui.app.create_app."""
        self._trial = trial
        self._names = _names(params)
        self._full = {view.full: view.id for view in params if view.full}
        self._sentences: dict[str, Sentences] = {}

    def install(self, app: Flask) -> None:
        """Let `say_of_request` find them."""
        app.extensions[_EXTENSION] = self

    def of_request(self) -> texts.Language:
        """The language of the request that is answered now."""
        return self._of(request)

    def say_of_headers(self, headers: Mapping[str, str]) -> Say | None:
        """For what the server itself refuses. headers: named as in WSGI (ACCEPT_LANGUAGE)."""
        return self.say(self._of(Request({f"HTTP_{name}": value for name, value in headers.items()})))

    def _of(self, asked: Request) -> texts.Language:
        """What this phone has chosen, else the first of its own languages that there is, else English."""
        if self._trial and self._trial.code in (asked.args.get("lang"), asked.cookies.get(COOKIE)):
            return self._trial
        wanted = [tag.lower().partition("-")[0] for tag in asked.accept_languages.values()]  # the dearest first
        there = [code for code in wanted if code in texts.languages()]
        return texts.language(chosen(asked) or next(iter(there), texts.HOME))

    def remember_trial(self) -> None:
        """What a page asks for later comes without its ?lang=: a cookie says so, until the browser is closed."""
        trial = self._trial
        if trial and request.args.get("lang") == trial.code:
            after_this_request(lambda response: _with_cookie(response, trial.code))

    def say(self, language: texts.Language) -> Say | None:
        """What puts the box's English into `language`; None where nothing is to be done."""
        if not language.said:
            return None
        if language.code not in self._sentences:
            own = {english: language.words[key] for english, key in self._names.items() if key in language.words}
            full = {english: _translated(id, language.words) for english, id in self._full.items()}
            self._sentences[language.code] = Sentences({**full, **own, **language.said})
        return self._sentences[language.code].say


def languages_of(app: Flask) -> Languages:
    """Those of an app. Raises KeyError for an app without any."""
    return cast(Languages, app.extensions[_EXTENSION])


def say_of_request() -> Say | None:
    """What puts the box's English into the language of this request; None where nothing is to be done."""
    own = languages_of(current_app)
    return own.say(own.of_request())


def chosen(asked: Request) -> str:
    """The language that this phone has chosen; "" for its own."""
    code = asked.cookies.get(COOKIE, "")
    return code if code in texts.languages() else ""


def _names(params: Sequence[ParamView]) -> Mapping[str, str]:
    """What the box calls its parameters and their choices, with the key of each in texts/<language>/box.json."""
    labels = {view.label: f"box.param.{view.id}" for view in params}
    return {name: f"box.choice.{name}" for view in params for name in view.choices} | labels


def _translated(id: str, words: Mapping[str, str]) -> str:
    """The full label of a stage's parameter in a language."""
    stage = id.partition(".")[0]
    own = words.get(f"box.param.{stage}.on") or words[f"stages.name.{stage}"]
    return words["stages.full"].format(stage=own, label=words[f"box.param.{id}"])


def _with_cookie(response: Response, code: str) -> Response:
    response.set_cookie(COOKIE, code, samesite="Strict")
    return response
