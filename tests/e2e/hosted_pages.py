"""A person in front of the sign-in pages of a user pool, as the emulator serves them: fills in the forms and goes where
they lead."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

import httpx


class Form(HTMLParser):
    """The one form of a page: its fields with their values, and the text the page shows."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "input" and given.get("name"):
            self.fields[str(given["name"])] = given.get("value") or ""

    def handle_data(self, data: str) -> None:
        self.text += data


class Person:
    """Signs in with an e-mail address and a password; sets `new_password` when the pool asks for one. `headers` let the
    browser reach the emulator."""

    def __init__(self, email: str, password: str, headers: Mapping[str, str], new_password: str | None = None) -> None:
        self.email = email
        self.headers = headers
        self.password = password
        self.new_password = new_password
        self.visited: list[str] = []
        self.shown: list[str] = []
        self._threads: list[threading.Thread] = []

    def open(self, address: str) -> bool:
        """In the place of `webbrowser.open`, which does not wait either."""
        thread = threading.Thread(target=self.sign_in, args=(address,))
        thread.start()
        self._threads.append(thread)
        return True

    def close(self) -> None:
        for thread in self._threads:
            thread.join()

    def sign_in(self, address: str) -> httpx.Response:
        with httpx.Client(trust_env=False, timeout=30, headers=self.headers) as browser:
            self.visited.append(address)
            answer = browser.get(address)
            while answer.status_code == 200 and (form := Form(answer.text)).fields and not self._is_stuck(form):
                filled = {**form.fields, "username": self.email, "password": self.password}
                if "np_token" in form.fields:
                    new = self.new_password or ""
                    filled = {**form.fields, "new_password": new, "confirm_password": new}
                answer = browser.post(httpx.URL(address).join("/login"), data=filled)
            self.shown.append(Form(answer.text).text)
            if answer.is_redirect:
                answer = httpx.get(answer.headers["location"], trust_env=False)
                self.shown.append(Form(answer.text).text)
            return answer

    def _is_stuck(self, form: Form) -> bool:
        return "Incorrect" in form.text or "not conform" in form.text


def asked_for(address: str) -> dict[str, str]:
    """The parameters of an authorization request."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
