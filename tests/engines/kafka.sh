#!/usr/bin/env bash
# Kafka: lines come from a topic through kcat, all of them into one httpmon, and by a consumer group of two into rollups
# that are merged. The broker is the mock cluster of librdkafka, which speaks Kafka's protocol on loopback and is in
# Python's confluent-kafka: no real one comes with Debian or PyPI. With a real one only the address differs.
source "$(dirname "$0")/common.sh"
need kcat kcat
need_python confluent-kafka
make_log

python - <<'PYTHON' &
import os, time
from confluent_kafka import Producer
producer = Producer({'bootstrap.servers': 'mock', 'test.mock.num.brokers': 1, 'linger.ms': 5})
# The topic comes to be with the mock's four partitions.
partitions = len(producer.list_topics('logs', timeout=10).topics['logs'].partitions)
broker = next(iter(producer.list_topics(timeout=10).brokers.values()))
with open('broker.new', 'w') as out:
    out.write(f'{broker.host}:{broker.port}')
os.rename('broker.new', 'broker')
while not os.path.exists('joined'):
    time.sleep(0.1)
for number, line in enumerate(open('whole.log')):
    while True:
        try:
            producer.produce('logs', line.rstrip('\n').encode(), partition=number % partitions)
            break
        except BufferError:
            producer.poll(0.1)
producer.flush(30)
open('produced', 'w').close()
time.sleep(120)
PYTHON
broker_id=$!
trap 'kill $broker_id 2>/dev/null; rm -rf "$work"' EXIT
wait_until() {
    for _ in $(seq 600); do
        "$@" && return
        sleep 0.1
    done
    echo "not in a minute: $*"
    exit 1
}
wait_until test -e broker
broker=$(<broker)

# Each of the group has its half of the partitions before the lines come.
for member in 1 2; do
    ({
        kcat -u -b "$broker" -X auto.offset.reset=earliest -G httpmon logs 2>"$member.said" &
        echo $! >"$member.id"
        wait || true
    } | "$HTTPMON" --replay --report rollup >"$member.rollup") &
    members+=($!)
done
end_members() { cat ./?.id | xargs --no-run-if-empty kill 2>/dev/null || true; }
trap 'kill $broker_id 2>/dev/null; end_members; rm -rf "$work"' EXIT
assigned() { grep 'assigned:' "$1.said" | tail -n 1 | grep -o 'logs \[' | wc -l; }
is_shared() { [[ $(assigned 1)+$(assigned 2) == 2+2 ]]; }
wait_until is_shared
touch joined
wait_until test -e produced

# Within a partition lines are in order, between them they are not: a replay waits for those that are late.
kcat -C -q -e -b "$broker" -t logs -o beginning | "$HTTPMON" "${replay[@]}" --lateness 1d >all.json
same all.json

# A consumer never ends by itself: it says how far it has come in each partition.
is_consumed() {
    local came
    came=$(cat ./?.said | grep 'Reached end of topic' | tr -d '[]' |
        awk '{ offset[$(NF - 3)] = $NF } END { for (part in offset) sum += offset[part]; print sum + 0 }')
    [[ $came == "$(wc -l <whole.log)" ]]
}
wait_until is_consumed
end_members
wait "${members[@]}"
for member in 1 2; do
    grep -q '^[0-9]' "$member.rollup" || {
        echo "member $member of the group had no lines"
        exit 1
    }
done
"$HTTPMON" "${replay[@]}" 1.rollup 2.rollup >found.json
same found.json
echo 'Kafka (the mock cluster of librdkafka): a topic, and a consumer group of two into rollups, agree with one replay'
