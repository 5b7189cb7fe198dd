#!/usr/bin/env bash
# Apache Spark, a master and two workers on this machine: the parts of a log go through `httpmon --report rollup` where
# the workers are, and the rollups merged are one replay; read as a table, they give httpmon's hits by section and hour.
source "$(dirname "$0")/common.sh"
need java default-jre-headless
need_python pyspark
make_log
"$HTTPMON" --replay --report json --interval 1h --top section=1000 whole.log >sections.json
export SPARK_LOCAL_IP=127.0.0.1 PYSPARK_PYTHON=python

python - <<'PYTHON' 2>spark.log || { tail -n 30 spark.log; exit 1; }
import glob, json, os, subprocess, datetime
from pyspark.sql import SparkSession, functions as f

spark = (SparkSession.builder.master('local-cluster[2,1,768]').appName('httpmon')
         .config('spark.driver.host', '127.0.0.1').config('spark.driver.bindAddress', '127.0.0.1')
         .config('spark.ui.enabled', 'false').config('spark.executor.memory', '512m')
         .config('spark.sql.shuffle.partitions', '4').getOrCreate())
httpmon, work = os.environ['HTTPMON'], os.getcwd()

def rollup(part):
    with open(part + '.rollup', 'wb') as out:
        subprocess.run([httpmon, '--replay', '--report', 'rollup', part], stdout=out, check=True)
    return os.getpid()

# Files, each where a worker is.
parts = sorted(glob.glob(work + '/log.?'))
workers = spark.sparkContext.parallelize(parts, len(parts)).map(rollup).collect()
assert len(set(workers)) >= 2, workers

# Or partitions of lines.
lines = spark.sparkContext.textFile('file://' + work + '/whole.log', 4)
piped = lines.pipe(f'{httpmon} --replay --report rollup').collect()
with open('piped.rollup', 'w') as out:
    out.writelines(line + '\n' for line in piped)

# The rollups as a table.
rows = (spark.read.option('sep', '\t').option('header', True).option('comment', '#').option('quote', '')
        .csv('file://' + work + '/log.*.rollup'))
hour = (f.floor(f.col('time').cast('long') / 3600) * 3600).alias('hour')
found = (rows.where('section is not null').groupBy(hour, 'section').agg(f.sum(f.col('hits').cast('long')).alias('hits'))
         .orderBy('hour', 'section').collect())
found = sorted((int(row.hour), row.section, row.hits) for row in found)
epoch = lambda text: int(datetime.datetime.fromisoformat(text.replace('Z', '+00:00')).timestamp())
reports = [json.loads(line) for line in open('sections.json')]
sections = sorted((epoch(r['from']), row['key'], row['hits'])
                  for r in reports if r['type'] == 'report' for row in r['top']['section'])
assert found == sections and found, (found[:5], sections[:5])
spark.stop()
PYTHON
"$HTTPMON" "${replay[@]}" log.?.rollup >found.json
same found.json
"$HTTPMON" "${replay[@]}" piped.rollup >found.json
same found.json
echo 'Spark: files and partitions on two workers, and the table of sections by hour, agree with one replay'
