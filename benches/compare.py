#!/usr/bin/env python3
"""Compares flashcrowd with other engines and with hand-written loops, in one run.

    benches/compare.py [--rounds 5] [--nexosim] [--simpy] [--no-build]

The figure of flashcrowd is the slope of CPU time between the workload's duration and ten times
it: what one more request costs, start-up left out. The peers time their own run loop. Everybody
runs once in every round; a ratio is taken inside a round, and the median over the rounds is
printed. Times of different runs of this program must not be compared: ratios may.

Builds into $CARGO_TARGET_DIR, or `target` of either workspace. Writes runs/<date>.json.
"""

import argparse
import datetime
import json
import os
import pathlib
import platform
import resource
import statistics
import subprocess
import sys
import tempfile

BENCHES = pathlib.Path(__file__).resolve().parent
ROOT = BENCHES.parent
PEERS = BENCHES / "peers"
# Workload, duration in seconds.
WORKLOADS = {"w1": 13_889, "w2": 1_800, "w4": 1_800}
# How much the peers do in one run: customers of W1, rate scale of W2.
PEER_SIZES = {"w1": "5000000", "w2": "1"}


def target(variable, workspace):
    return pathlib.Path(os.environ.get(variable) or workspace / "target") / "release"


def cpu_of(command):
    """CPU seconds of a child, and what it printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 1):
        sys.exit(f"{' '.join(map(str, command))}: exit code {done.returncode}\n{done.stderr}")
    return (
        after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        done.stdout,
    )


def flashcrowd(program, workload):
    """CPU nanoseconds for one more request, and for one more event."""

    def run(seconds):
        scenario = BENCHES / "workloads" / f"{workload}.yaml"
        options = ["--duration", f"{seconds}s", "--format", "json"]
        cpu, printed = cpu_of([program, "run", scenario, *options])
        report = json.loads(printed)
        return cpu, report["requests"]["offered"], report["events_processed"]

    short, long = (run(WORKLOADS[workload] * factor) for factor in (1, 10))
    cpu, requests, events = (b - a for a, b in zip(short, long))
    return {"request": cpu / requests * 1e9, "event": cpu / events * 1e9}


def start_up(program):
    """CPU milliseconds of a run that has nothing to do."""
    scenario = BENCHES / "workloads" / "w1.yaml"
    return cpu_of([program, "run", scenario, "--duration", "1s", "--format", "json"])[0] * 1e3


def peer(command):
    cpu, printed = cpu_of(command)
    return {"request": json.loads(printed.splitlines()[-1])["ns_per_req"]}


def build(arguments):
    subprocess.run(["cargo", "build", "--release", "--bin", "flashcrowd"], cwd=ROOT, check=True)
    packages = ["-p", "floor", "-p", "peer_simcore"]
    if arguments.nexosim:
        packages += ["-p", "peer_nexosim"]
    environment = dict(os.environ)
    environment["CARGO_TARGET_DIR"] = str(peers_target().parent)
    subprocess.run(
        ["cargo", "build", "--release", *packages],
        cwd=PEERS / "rust",
        env=environment,
        check=True,
    )
    if arguments.simpy and not (PEERS / "venv").exists():
        subprocess.run([sys.executable, "-m", "venv", PEERS / "venv"], check=True)
        pip = PEERS / "venv" / "bin" / "pip"
        subprocess.run([pip, "install", "--quiet", "simpy==4.1.2"], check=True)


def peers_target():
    return target("FLASHCROWD_PEERS_TARGET_DIR", PEERS / "rust")


def systems(arguments):
    """Name, workload and how to measure it once."""
    program = target("CARGO_TARGET_DIR", ROOT) / "flashcrowd"
    rows = [("flashcrowd", w, lambda w=w: flashcrowd(program, w)) for w in WORKLOADS]
    commands = {
        "floor": lambda w: [peers_target() / "floor", w, "u64", PEER_SIZES[w]],
        "floor, std heap": lambda w: [peers_target() / "floor", w, "std128", PEER_SIZES[w]],
        "simcore": lambda w: [peers_target() / "peer_simcore", w, PEER_SIZES[w]],
    }
    if arguments.nexosim:
        sizes = {"w1": "1000000", "w2": "1"}
        commands["nexosim"] = lambda w: [peers_target() / "peer_nexosim", w, sizes[w]]
    if arguments.simpy:
        sizes = {"w1": "200000", "w2": "1"}
        python, script = PEERS / "venv" / "bin" / "python", PEERS / "peers" / "simpy_peer.py"
        commands["simpy"] = lambda w: [python, script, w, sizes[w]]
    for name, command in commands.items():
        rows += [(name, w, lambda w=w, c=command: peer(c(w))) for w in PEER_SIZES]
    return program, rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--nexosim", action="store_true", help="also nexosim")
    parser.add_argument("--simpy", action="store_true", help="also SimPy, in a venv of its own")
    parser.add_argument("--no-build", action="store_true", help="measure what is built")
    arguments = parser.parse_args()
    if not arguments.no_build:
        build(arguments)
    program, rows = systems(arguments)

    rounds = []
    for number in range(arguments.rounds):
        print(f"round {number + 1} of {arguments.rounds}", file=sys.stderr)
        measured = {(name, workload): once() for name, workload, once in rows}
        measured["start-up", "w1"] = {"milliseconds": start_up(program)}
        rounds.append(measured)

    def median(of):
        return statistics.median(of(measured) for measured in rounds)

    result = {
        "date": datetime.date.today().isoformat(),
        "cpu": cpu_name(),
        "rounds": arguments.rounds,
        "start_up_ms": median(lambda it: it["start-up", "w1"]["milliseconds"]),
        "workloads": {},
    }
    for workload in WORKLOADS:
        print(f"\n{workload}: CPU time per request, median of {arguments.rounds} rounds")
        table = {}
        for name, w, _ in rows:
            if w != workload:
                continue
            figures = {"ns_per_request": median(lambda it: it[name, w]["request"])}
            line = f"  {name:16} {figures['ns_per_request']:9.1f} ns"
            if ("floor", w) in rounds[0]:
                ratio = median(lambda it: it[name, w]["request"] / it["floor", w]["request"])
                advantage = median(lambda it: it[name, w]["request"] / it["flashcrowd", w]["request"])
                figures |= {"times_floor": ratio, "times_flashcrowd": advantage}
                line += f"  {ratio:7.2f} x floor  {advantage:7.2f} x flashcrowd"
            table[name] = figures
            print(line)
        result["workloads"][workload] = table
    per_event = median(lambda it: it["flashcrowd", "w4"]["event"] / it["flashcrowd", "w2"]["event"])
    result["w4_event_times_w2_event"] = per_event
    print(f"\nan event of w4 costs {per_event:.2f} x an event of w2")
    print(f"start-up {result['start_up_ms']:.1f} ms")

    runs = BENCHES / "runs"
    runs.mkdir(exist_ok=True)
    path = runs / f"{result['date']}.json"
    # Five digits are more than the noise allows.
    rounded = json.loads(json.dumps(result), parse_float=lambda text: float(f"{float(text):.5g}"))
    with tempfile.NamedTemporaryFile("w", dir=runs, delete=False) as file:
        json.dump(rounded, file, indent=2)
        file.write("\n")
    os.chmod(file.name, 0o644)
    os.replace(file.name, path)
    print(f"written to {path.relative_to(ROOT)}", file=sys.stderr)


def cpu_name():
    try:
        for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor()


if __name__ == "__main__":
    main()
