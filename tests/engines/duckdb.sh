#!/usr/bin/env bash
# DuckDB reads rollups as a table: the rule on traffic as a window query gives httpmon's transitions, the hits by section
# and hour are httpmon's own, and what went through Parquet is the same rollup.
source "$(dirname "$0")/common.sh"
need_python duckdb
make_log
make_rollups
"$HTTPMON" "${replay[@]}" whole.log >expected.json
"$HTTPMON" --replay --report json --interval 1h --top section=1000 whole.log >sections.json

python - <<'PYTHON'
import duckdb, json

ROWS = """read_csv('log.?.rollup', delim='\t', header=true, comment='#', quote='', escape='', all_varchar=true,
                   union_by_name=true)"""
db = duckdb.connect()
db.execute(f"create table rows as select * replace (time::bigint as time, hits::bigint as hits) from {ROWS}")

# A sliding window of two minutes over every second, and the state that the last crossing left.
found = db.execute("""
    with seconds as (select unnest(generate_series(min(time), max(time))) as time from rows),
    hits as (select s.time, coalesce(sum(r.hits), 0) as hits from seconds s left join rows r using (time) group by 1),
    windows as (select time, sum(hits) over (order by time rows between 119 preceding and current row) as hits from hits),
    states as (select time, hits, last_value(case when hits > 1200 then 1 when hits < 1200 then 0 end ignore nulls)
               over (order by time) as firing from windows),
    changes as (select *, coalesce(lag(firing) over (order by time), 0) as before from states)
    select time, hits::bigint, case firing when 1 then 'firing' else 'resolved' end
    from changes where firing <> before order by time""").fetchall()
lines = [json.loads(line) for line in open('expected.json')]
import datetime
epoch = lambda text: int(datetime.datetime.fromisoformat(text.replace('Z', '+00:00')).timestamp())
alerts = [(epoch(a['at']), a['hits'], a['state']) for a in lines if a['type'] == 'alert']
assert found == alerts and len(found) >= 4, (found, alerts)

found = db.execute("""select time // 3600 * 3600 as hour, section, sum(hits)::bigint from rows where section is not null
                      group by 1, 2 order by 1, 2""").fetchall()
reports = [json.loads(line) for line in open('sections.json')]
sections = sorted((epoch(r['from']), row['key'], row['hits'])
                  for r in reports if r['type'] == 'report' for row in r['top']['section'])
assert found == sections and found, (found[:5], sections[:5])

# To Parquet and back. The lines that are no rows are not in a table; a rollup needs its first and its last.
db.execute("copy rows to 'rows.parquet' (format parquet)")
rows, hits = db.execute("select count(*), sum(hits) from 'rows.parquet'").fetchone()
db.execute("copy (select * from 'rows.parquet' order by time) to 'rows.tsv' (format csv, delimiter '\t', header true, quote '')")
with open('rows.tsv') as text, open('back.rollup', 'w') as out:
    out.write('#httpmon rollup 1 offset=0\n' + text.read() + f'#end rows={rows} hits={hits}\n')
PYTHON
"$HTTPMON" "${replay[@]}" back.rollup >found.json
same found.json
echo 'DuckDB: transitions, sections by hour, and Parquet agree with one replay'
