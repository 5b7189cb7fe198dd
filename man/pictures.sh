#!/usr/bin/env bash
# Makes the pictures that the README shows, of what httpmon writes today: all of them with `bash man/pictures.sh`, some
# with their names behind it. It needs python3. The same program makes the same pictures.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cargo build --release --locked --quiet
httpmon=${CARGO_TARGET_DIR:-target}/release/httpmon
# UTF-8 is all that is wanted of the locale.
export LC_ALL=C.UTF-8
unset HTTPMON_CONFIG_PATH

# man/report.svg: a flood from one client, on a colour terminal of 104 columns: the reports before and while the alert
# fires, and its end.
report() {
    "$httpmon" simulate --format nginx_timed \
        --rates 5,7,6,8,7,9,26,34,30,12,8,6,7,5,6,7 --durations 20s,20s,20s,20s,20s,20s,20s,20s,20s,20s,20s,20s,20s,20s,20s,20s \
        --errors 0,0,0,0,0,0,15,25,20,0,0,0,0,0,0,0 --flood 0,0,0,0,0,0,70,80,75,0,0,0,0,0,0,0 |
        COLUMNS=104 "$httpmon" --replay --interval 1m --top section=4,client=4 --color always |
        # From the second report to the recovery and the report behind it.
        awk '/T00:01:00Z/ { on = 1 } /T00:05:00Z.* 1m/ { exit } on' |
        python3 man/ansi2svg.py 104 >man/report.svg
}

# man/dashboard.svg: the dashboard of a live log, on 100 columns and 30 rows; the tests hold it.
dashboard() {
    HTTPMON_BLESS=1 cargo test --locked --quiet --test dashboard the_picture >/dev/null
}

# man/page.png: the page of the log of the demo, as Chromium shows it. It needs chromium.
page() {
    local folder
    folder=$(mktemp -d)
    "$httpmon" --replay --report html --output "$folder/page.html" --threshold 10 \
        --alert 'Server errors: 5xx > 5% over 2m min 100' --alert 'Overloaded: 503 > 20 over 1m by client' \
        tests/data/access.log
    chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$folder/profile" \
        --window-size=1100,1580 --screenshot="$PWD/man/page.png" "$folder/page.html" 2>/dev/null
    rm -r "$folder"
}

if (($# == 0)); then
    set -- report dashboard page
fi
for picture; do
    "$picture"
    ls man/"$picture".*
done
