"""One of several web processes without a server: sends the same requests from many threads.

    python -m tests.runs.intake_program PATH KEYS THREADS

Each thread sends one request with each of KEYS idempotency keys. Prints the answers as JSON:
`[[key, status, run id], ...]`.
"""

import json
import random
import sys
from concurrent.futures import ThreadPoolExecutor

import django

django.setup()

from tests.runs.hooks import send  # noqa: E402


def send_all(path: str, keys: int, seed: int) -> list[tuple[str, int, str]]:
    answers = []
    names = [f"key-{number}" for number in range(keys)]
    random.Random(seed).shuffle(names)
    for name in names:
        answer = send(path, {"key": name}, idempotency_key=name)
        answers.append((name, answer.status, answer.json.get("run_id", answer.json)))
    return answers


def main() -> None:
    path, keys, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    sys.stdin.readline()
    with ThreadPoolExecutor(threads) as pool:
        sent = [pool.submit(send_all, path, keys, seed) for seed in range(threads)]
        json.dump([answer for future in sent for answer in future.result()], sys.stdout)


if __name__ == "__main__":
    main()
