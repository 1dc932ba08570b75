"""Imports a generated shop of N order rows with the released binary and prints what it cost, end to end: records, orders, people.

While the import runs, a server on the same data answers pages and small writes; their waiting times are the answer to "does an
import disturb those who work". Standard library only.

    ./dev bench import [ROWS] [--alone | --upload] [--database-url postgres://…]

By default the command line imports beside a server, two processes on one database. `--upload` sends the file to the server as the
page does, and the server's own worker imports it; `--alone` leaves the server out.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

SYLLABLES = "ко ва ле мо ри та бу за не па со да ли гу ро шу ви кру сте пре".split()
ENDINGS = "енко чук ський ак ов ина ич юк".split()
NAMES = (
    "Наталья Олександр Ирина Андрій Олена Володимир Тетяна Сергій Оксана Дмитрий Марія Іван Людмила Галина Юрій Віктор"
).split()
BOOKS = [
    "Кобзар", "Дюна", "Хоббит", "Математика, 5 клас", "Три товарища", "Мёртвые души",
    "Тигролови", "Шантарам", "1984", "Місто", "Война и мир", "Алхимик",
]  # fmt: skip
STATUSES = "Виконано Доставлен Получен Отримано Выполнен Доставлено Возврат Скасовано".split()


def generate(path: str, rows: int) -> None:
    dice = random.Random(5)
    surnames = list(
        {
            "".join(dice.choice(SYLLABLES) for _ in range(dice.randint(2, 3))).capitalize() + dice.choice(ENDINGS)
            for _ in range(60_000)
        }
    )
    surnames.sort()
    people = [(dice.choice(surnames), dice.choice(NAMES)) for _ in range(max(1, rows * 45 // 100))]
    with open(path, "w", encoding="utf-8") as out:
        out.write("Order no,Order date,Delivery date,Books,Amount,Order status,Full name,E-mail,Phone\n")
        for row in range(rows):
            person = dice.randrange(len(people))
            surname, name = people[person]
            month, day = 1 + row * 12 // rows % 12, dice.randint(1, 28)
            books = dice.choice(BOOKS)
            if dice.random() < 0.33:
                books += " x2\n" + dice.choice(BOOKS) + " - 1 шт"
            whole, cents = dice.randint(50, 1950), dice.randint(0, 99)
            amount = dice.choice([f"{whole},{cents:02} грн", f"{whole}.{cents:02}", f"{whole} грн."])
            mail = f"p{person}@ukr.net" if dice.random() < 0.8 else ""
            out.write(
                f'{1_000_000 + row},{day:02}.{month:02}.2023,{min(28, day + 3):02}.{month:02}.2023,"{books}","{amount}",'
                f"{dice.choice(STATUSES)},{surname} {name},{mail},+380{500_000_000 + person * 37 % 499_999_999}\n"
            )


class Visitor(threading.Thread):
    """Asks for one thing again and again, and remembers how long each answer took."""

    def __init__(self, name: str, ask) -> None:
        super().__init__(daemon=True)
        self.what, self.ask, self.over, self.waits, self.failed = name, ask, False, [], 0

    def run(self) -> None:
        number = 0
        while not self.over:
            begun = time.perf_counter()
            try:
                self.ask(number)
                self.waits.append(time.perf_counter() - begun)
            except OSError:
                self.failed += 1
            number += 1
            time.sleep(0.05)

    def line(self) -> str:
        waits = sorted(self.waits) or [0.0]
        at = lambda share: 1000 * waits[min(len(waits) - 1, int(share * len(waits)))]  # noqa: E731
        return (
            f"  {self.what:<28} {len(waits):>5} asked  median {at(0.5):6.1f} ms  99% {at(0.99):7.1f} ms"
            f"  worst {1000 * waits[-1]:7.1f} ms  failed {self.failed}"
        )


class Site:
    """The server and how to ask it."""

    def __init__(self, binary: str, place: list, token: str) -> None:
        self.token = token
        command = [binary, "serve", *place, "--listen", "127.0.0.1:0"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.address = next(word for line in self.process.stderr for word in line.split() if word.startswith("http://"))
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def ask(self, path: str, body=None, kind="application/json", length=None):
        if body is not None and kind == "application/json":
            body = json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data=body)
        request.add_header("Authorization", f"Bearer {self.token}")
        request.add_header("Content-Type", kind)
        if length is not None:
            request.add_header("Content-Length", str(length))
        return urllib.request.urlopen(request, timeout=120).read()

    def upload(self, file: str) -> str:
        head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="orders.csv"\r\n\r\n'
        tail = b"\r\n--b--\r\n"

        def parts():
            yield head
            with open(file, "rb") as rows:
                while chunk := rows.read(1 << 20):
                    yield chunk
            yield tail

        length = len(head) + os.path.getsize(file) + len(tail)
        return json.loads(self.ask("/api/imports/preview", parts(), "multipart/form-data; boundary=b", length))["upload_id"]

    def run_import(self, upload: str) -> dict:
        view = json.loads(self.ask("/api/imports", {"upload_id": upload, "source": "shop"}))
        while view["state"] in ("uploaded", "running"):
            time.sleep(0.2)
            view = json.loads(self.ask(f"/api/imports/{view['id']}"))
        return view

    def spent(self) -> tuple:
        """CPU seconds and the peak of memory in MB so far."""
        with open(f"/proc/{self.process.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        with open(f"/proc/{self.process.pid}/status") as status:
            peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), peak / 1024


def by_command(binary: str, place: list, file: str) -> tuple:
    command = [binary, "import", file, *place, "--source", "shop", "--json"]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    answer = json.loads(child.stdout.read())
    _, status, used = os.wait4(child.pid, 0)
    if status:
        sys.exit(f"the import ended with {status}")
    return answer, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("rows", nargs="?", type=int, default=1_000_000)
    options.add_argument("--binary", required=True)
    options.add_argument("--database-url")
    options.add_argument("--alone", action="store_true", help="without a server and its visitors")
    options.add_argument("--upload", action="store_true", help="through the server, as the page does")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="otklik-bench-", dir=os.environ.get("OTKLIK_BENCH_DIR")) as folder:
        file, data = os.path.join(folder, "orders.csv"), os.path.join(folder, "data")
        generate(file, given.rows)
        print(f"{given.rows} rows, {os.path.getsize(file) / 1e6:.0f} MB", flush=True)
        place = ["--data", data] + (["--database-url", given.database_url] if given.database_url else [])
        made = subprocess.run(
            [given.binary, "token", "add", *place, "--role", "administrator"],
            check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        site, visitors = None, []
        if not given.alone:
            site = Site(given.binary, place, json.loads(made.stdout)["token"])
            visitors = [
                Visitor("page: people", lambda _: site.ask("/api/customers?limit=50")),
                Visitor("page: imports", lambda _: site.ask("/api/imports")),
                Visitor("write: one stop-list entry", lambda n: site.ask("/api/suppressions", {"kind": "email", "value": f"v{n}@x.example"})),
            ]
        upload = site.upload(file) if given.upload else None
        before = site.spent()[0] if upload else 0.0
        for visitor in visitors:
            visitor.start()
        begun = time.perf_counter()
        if upload:
            answer = site.run_import(upload)
            wall = time.perf_counter() - begun
            cpu, peak = site.spent()
            cpu -= before
        else:
            answer, cpu, peak = by_command(given.binary, place, file)
            wall = time.perf_counter() - begun
        for visitor in visitors:
            visitor.over = True
        for visitor in visitors:
            visitor.join()
        if site:
            site.process.terminate()
            site.process.wait()
        counts = answer["files"][0]
        print(f"  new {counts['new']}, rejected {counts['rejected']}")
        print(f"  wall {wall:.1f} s = {given.rows / wall:,.0f} rows/s   CPU {cpu:.1f} s = {given.rows / cpu:,.0f} rows per CPU second")
        print(f"  peak memory {peak:.0f} MB")
        for visitor in visitors:
            print(visitor.line())


if __name__ == "__main__":
    main()
