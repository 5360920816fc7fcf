#!/usr/bin/env bash
# Instructions that one more request takes, by callgrind: a figure without noise, to gate on.
#
#   benches/instructions.sh            compares with benches/runs/instructions.json
#   benches/instructions.sh --record   writes the numbers there
#
# The difference of two runs of different length leaves start-up and the report out; both lengths
# give the same resolution of the time series. More than 3 % above the record fails.
set -euo pipefail
cd "$(dirname "$0")/.."

program=${FLASHCROWD:-${CARGO_TARGET_DIR:-target}/release/flashcrowd}
record=benches/runs/instructions.json
tolerance=3

command -v valgrind > /dev/null || { echo "valgrind is not installed" >&2; exit 2; }
[ -x "$program" ] || { echo "$program is not built: cargo build --release" >&2; exit 2; }

# Prints "INSTRUCTIONS REQUESTS" of one run. $1 workload, $2 seconds.
count() {
    local dir
    dir=$(mktemp -d)
    # Exit code 1 is a missed objective, which no workload has.
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" \
        run "benches/workloads/$1.yaml" --duration "$2s" --format json \
        > "$dir/report" 2> "$dir/log"
    python3 - "$dir" << 'PY'
import json, pathlib, re, sys
folder = pathlib.Path(sys.argv[1])
instructions = re.search(r"Collected : (\d+)", (folder / "log").read_text()).group(1)
print(instructions, json.loads((folder / "report").read_text())["requests"]["offered"])
PY
    rm -r "$dir"
}

measured=""
# Workload, short and long run in seconds: both at a report resolution of 5 s.
for lengths in "w1 4050 12150" "w2 4050 5850" "w4 4050 4950"; do
    read -r workload short long <<< "$lengths"
    read -r instructions_short requests_short <<< "$(count "$workload" "$short")"
    read -r instructions_long requests_long <<< "$(count "$workload" "$long")"
    per_request=$(((instructions_long - instructions_short) / (requests_long - requests_short)))
    measured="$measured $workload=$per_request"
done

python3 - "$record" "$tolerance" "${1:-}" $measured << 'PY'
import json, pathlib, sys

path, tolerance, option = pathlib.Path(sys.argv[1]), float(sys.argv[2]), sys.argv[3]
measured = {name: int(value) for name, value in (it.split("=") for it in sys.argv[4:])}
if option == "--record":
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"instructions_per_request": measured}, indent=2) + "\n")
    print(f"recorded {measured}")
    sys.exit()
recorded = json.loads(path.read_text())["instructions_per_request"]
worse = False
for name, value in measured.items():
    change = (value / recorded[name] - 1) * 100
    print(f"{name}: {value} instructions a request, recorded {recorded[name]} ({change:+.1f} %)")
    worse |= change > tolerance
if worse:
    sys.exit(f"more than {tolerance:g} % above the record; if that is worth it: benches/instructions.sh --record")
PY
