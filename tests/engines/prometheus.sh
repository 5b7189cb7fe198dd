#!/usr/bin/env bash
# Prometheus reads httpmon's metrics through node_exporter's textfile collector: an alert by PromQL fires in the same
# minute as httpmon's own, and the histogram of durations gives the percentile that httpmon shows. It takes a minute.
source "$(dirname "$0")/common.sh"
need prometheus prometheus
need prometheus-node-exporter prometheus-node-exporter
need python3 python3

exporter=127.0.0.1:$((20000 + RANDOM % 10000))
server=127.0.0.1:$((30000 + RANDOM % 10000))
mkdir metrics
cat >prometheus.yml <<CONFIG
global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: [rules.yml]
scrape_configs:
  - job_name: node
    static_configs: [{ targets: ["$exporter"] }]
CONFIG
cat >rules.yml <<'CONFIG'
groups:
  - name: httpmon
    rules:
      - alert: ServerErrors
        expr: sum(rate(httpmon_responses_total{class="5xx"}[10s])) / sum(rate(httpmon_hits_total[10s])) > 0.05
CONFIG
prometheus-node-exporter --collector.disable-defaults --collector.textfile --collector.textfile.directory="$work/metrics" \
    --web.listen-address="$exporter" 2>exporter.log &
exporter_id=$!
prometheus --config.file=prometheus.yml --storage.tsdb.path="$work/data" --web.listen-address="$server" 2>server.log &
server_id=$!
trap 'kill $exporter_id $server_id 2>/dev/null; wait; rm -rf "$work"' EXIT

# Twenty seconds are well, in the next fifteen a fifth of the requests fails.
"$HTTPMON" simulate --realtime --format nginx_timed --rates 40,40,40 --durations 20s,15s,10s --errors 0,20,0 |
    tee live.log |
    "$HTTPMON" --format nginx_timed --interval 1s --lateness 1 --report openmetrics --output metrics/httpmon.prom
"$HTTPMON" --replay --format nginx_timed --report json --alert 'Server errors: 5xx > 5% over 10s' live.log >own.json
sleep 3

python3 - "$server" <<'PYTHON'
import datetime, json, sys, time, urllib.parse, urllib.request

def ask(path, **query):
    url = f'http://{sys.argv[1]}/api/v1/{path}?{urllib.parse.urlencode(query)}'
    return json.load(urllib.request.urlopen(url, timeout=10))['data']['result']

own = [json.loads(line) for line in open('own.json')]
epoch = lambda text: datetime.datetime.fromisoformat(text.replace('Z', '+00:00')).timestamp()
fired = [epoch(event['at']) for event in own if event['type'] == 'alert' and event['state'] == 'firing']
now = time.time()
series = ask('query_range', query='ALERTS{alertstate="firing"}', start=now - 90, end=now, step=1)
assert fired and series, (fired, series)
by_promql = series[0]['values'][0][0]
apart = by_promql - fired[0]
assert -5 <= apart <= 30, f'{apart} s apart'
p95 = float(ask('query', query='histogram_quantile(0.95, httpmon_duration_seconds_bucket)')[0]['value'][1])
count = int(ask('query', query='httpmon_duration_seconds_count')[0]['value'][1])
summary = own[-1]
buckets = [0, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10]
true = summary['latency_ms']['p95'] / 1000
low, high = next(pair for pair in zip(buckets, buckets[1:]) if pair[0] <= true <= pair[1])
assert count == summary['hits'] and low <= p95 <= high, (count, summary['hits'], p95, true)
print(f'Prometheus: its alert fires {apart:.0f} s after that of httpmon; p95 {p95:.3f} s of {true:.3f} s')
PYTHON
