"""The page while sound plays: what three phones cost, whether the audio process is affected, how fast a page loads.

    python -m bench.page [--minutes 10] [--phones 3] [--json]

Runs `hushbox run` on the tests' virtual USB interface, and Debian's Chromium as phones. For half of the time no page is
open, then the phones are: one on Play, one on Look, one on Presets. It asserts nothing.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import soundfile

from bench.live import DEMO, memory_folder
from web_ui.ports.pairing import COOKIE

VIEWS = ("play", "look", "presets")
# A middling phone on Wi-Fi: four times slower than here, 10 Mbit/s, 40 ms there and back.
SLOWER = 4
NETWORK = {"offline": False, "latency": 40, "downloadThroughput": 10e6 / 8, "uploadThroughput": 5e6 / 8}


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench.page", description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10.0, help="with the phones; half as long without before")
    parser.add_argument("--phones", type=int, default=3)
    parser.add_argument("--tries", type=int, default=5, help="loads of the first view")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    result = run(60 * options.minutes, options.phones, options.tries)
    print(json.dumps(result, indent=1)) if options.json else show(result)
    return 0


def run(seconds: float, phones: int, tries: int = 5) -> dict[str, Any]:
    """The figures as a dictionary."""
    from playwright.sync_api import sync_playwright

    from tests.rigs.phone import ARGS, CHROMIUM
    from tests.rigs.running_box import RunningBox
    from tests.rigs.virtual_usb.rig import VirtualUsb

    demo = soundfile.read(DEMO, dtype="float32")[0]
    with tempfile.TemporaryDirectory(prefix="hushbox-bench-", dir=memory_folder()) as temporary:
        folder = Path(temporary)
        usb = VirtualUsb(folder, capture=demo, loop=True)
        config = f'[audio]\ndevice = "{usb.device}"\nperiod_frames = 128\nperiods = 3\n[panel]\npins = "mock"\n'
        with RunningBox(folder / "box", config, usb.env) as box, sync_playwright() as playwright:
            box.wait_status(lambda s: s["state"] == "running", "running audio process")
            time.sleep(3.0)
            result: dict[str, Any] = {"alone": measure(box, seconds / 2)}
            browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGS)
            faults: list[str] = []
            pages = [phone(browser, box, VIEWS[i % len(VIEWS)], faults) for i in range(phones)]
            # Live updates alone: everybody on Play.
            for page in pages:
                page.evaluate("location.hash = 'play'")
            time.sleep(2.0)
            result["live_updates"] = measure(box, min(60.0, seconds / 4))
            for i, page in enumerate(pages):
                page.evaluate(f"location.hash = '{VIEWS[i % len(VIEWS)]}'")
            time.sleep(2.0)
            result["phones"] = measure(box, seconds)
            print(json.dumps(result), file=sys.stderr)  # what follows can take long on a busy host
            result["still_live"] = sum(page.evaluate("document.body.dataset.link") == "live" for page in pages)
            result["faults"] = faults
            for page in pages:
                page.close()
            result["first_view"] = first_view(browser, box, tries)
            browser.close()
    return result


def measure(box: Any, seconds: float) -> dict[str, float]:
    """CPU of both processes as shares of one core, load and counters over `seconds`."""
    audio, control = box.child("audio"), box.child("control")
    cpu, began = [sum(p.cpu_times()[:2]) for p in (audio, control)], time.monotonic()
    before = box.get("status")
    time.sleep(seconds)
    passed = time.monotonic() - began
    used = [(sum(p.cpu_times()[:2]) - c) / passed for p, c in zip((audio, control), cpu, strict=True)]
    status = box.get("status")
    counts = {name: status[name] - before[name] for name in ("xruns", "late_hops", "dry_hops")}
    return {
        "seconds": passed, "cpu_audio": used[0], "cpu_control": used[1],
        "load_p50": status["load_p50"], "load_p99": status["load_p99"], **counts,
    }  # fmt: skip


def phone(browser: Any, box: Any, view: str, faults: list[str]) -> Any:
    context = browser.new_context(viewport={"width": 390, "height": 844}, device_scale_factor=2, has_touch=True)
    context.add_cookies([{"name": COOKIE, "value": box.cookie, "url": box.url}])
    page = context.new_page()
    page.set_default_timeout(180_000)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
    page.goto(f"{box.url}#{view}")
    page.wait_for_selector('body[data-link="live"]')
    return page


def first_view(browser: Any, box: Any, tries: int) -> dict[str, float]:
    """Bytes and seconds until Play is live, with nothing in the cache, on a phone's processor and network."""
    sizes, times = [], []
    for _ in range(tries):
        context = browser.new_context(viewport={"width": 390, "height": 844})
        context.add_cookies([{"name": COOKIE, "value": box.cookie, "url": box.url}])
        page = context.new_page()
        page.set_default_timeout(180_000)  # a busy host, slowed down four times more
        session = context.new_cdp_session(page)
        session.send("Network.enable")
        session.send("Network.emulateNetworkConditions", NETWORK)
        session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        received: list[float] = []
        session.on("Network.loadingFinished", lambda event, to=received: to.append(event["encodedDataLength"]))
        began = time.monotonic()
        page.goto(f"{box.url}#play", wait_until="commit")
        page.wait_for_selector('body[data-link="live"][data-bypass="off"]')
        times.append(time.monotonic() - began)
        time.sleep(0.5)
        sizes.append(sum(received))
        context.close()
    return {"kilobytes": statistics.median(sizes) / 1e3, "seconds": statistics.median(times), "slowest": max(times)}


def show(result: dict[str, Any]) -> None:
    """The figures as lines for people."""
    first = result["first_view"]
    print(f"First view on a phone's processor and Wi-Fi: {first['kilobytes']:.0f} kB, {first['seconds']:.2f} s")
    print(f"  (slowest: {first['slowest']:.2f} s)")
    for name, words in (("alone", "Nobody looks"), ("live_updates", "All on Play"), ("phones", "Play, Look, Presets")):
        r = result[name]
        print(f"{words}, {r['seconds']:.0f} s: control {r['cpu_control']:.1%}, audio {r['cpu_audio']:.1%} of one core")
        print(f"  block p50 {r['load_p50']:.1%}, p99 {r['load_p99']:.1%} of the deadline; ", end="")
        print(f"xruns {r['xruns']}, late hops {r['late_hops']}, dry hops {r['dry_hops']}")
    cost = result["live_updates"]["cpu_control"] - result["alone"]["cpu_control"]
    print(f"Live updates of all phones: {cost:.1%} of one core")
    print(f"Phones still live at the end: {result['still_live']}; faults on their consoles: {len(result['faults'])}")
    for fault in result["faults"][:5]:
        print(f"  {fault}")


if __name__ == "__main__":
    sys.exit(main())
