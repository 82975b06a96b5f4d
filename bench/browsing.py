"""A person with a browser that only fetches pages: it keeps its cookies and reads no scripts."""

from __future__ import annotations

import re
import time
from http.cookiejar import CookieJar
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, ProxyHandler, build_opener

PASSWORD = "a-long-enough-password"
TIMEOUT_SECONDS = 30
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')
HIDDEN = re.compile(r'name="token" value="([^"]+)"')


class Browser:
    def __init__(self, url: str) -> None:
        self.url = url
        self._opener = build_opener(ProxyHandler({}), HTTPCookieProcessor(CookieJar()))

    def sign_up(self, setup_link: str) -> None:
        """As the first user of an installation, an admin."""
        page = self._get(setup_link)
        form = {
            "csrfmiddlewaretoken": TOKEN.findall(page)[0],
            "token": HIDDEN.findall(page)[0],
            "username": "ada",
            "password": PASSWORD,
            "repeated": PASSWORD,
        }
        sent = urlencode(form).encode()
        self._opener.open(f"{self.url}/setup/", sent, timeout=TIMEOUT_SECONDS).read()

    def seconds_for(self, path: str) -> float:
        """Until the whole page is there. Raises HTTPError for any answer but 200."""
        began = time.perf_counter()
        self._get(self.url + path)
        return time.perf_counter() - began

    def _get(self, url: str) -> str:
        with self._opener.open(url, timeout=TIMEOUT_SECONDS) as answer:
            return str(answer.read().decode())
