# bash completion for httpmon, written by httpmon --generate complete-bash

# Those of the words in $1 that begin with $word; $2 is what is before them in it.
_httpmon_reply() {
    local reply
    while IFS= read -r reply; do
        COMPREPLY+=("$reply")
    done < <(compgen -P "${2-}" -W "$1" -- "${word#"${2-}"}")
}

# Files that begin with $word, and what else the arguments ask compgen for.
_httpmon_files() {
    local reply
    compopt -o filenames 2>/dev/null
    while IFS= read -r reply; do
        COMPREPLY+=("$reply")
    done < <(compgen -f "$@" -- "$word")
}

_httpmon() {
    local at=$COMP_CWORD word=${COMP_WORDS[COMP_CWORD]} option=
    COMPREPLY=()
    # bash splits words at =; go back to where this one begins.
    if [[ $word == "=" ]]; then word=; fi
    while ((at > 1)) && [[ ${COMP_WORDS[at]} == "=" || ${COMP_WORDS[at - 1]} == "=" ]]; do
        ((at -= 1))
    done
    if ((at < COMP_CWORD)) && [[ ${COMP_WORDS[at]} == --* ]]; then
        option=${COMP_WORDS[at]}
    elif ((at > 0)); then
        option=${COMP_WORDS[at - 1]}
    fi
    if [[ ${COMP_WORDS[1]} == simulate ]] && ((at > 1)); then
        case $option in
        --rates) return ;;
        --durations) return ;;
        --errors) return ;;
        --flood) return ;;
        --slow-start) return ;;
        --disorder) return ;;
        --format|-f) _httpmon_reply 'common combined vhost_combined nginx nginx_timed ingress apache_us apache_s quoted_combined tomcat jetty lighttpd gunicorn varnish traefik ionos ovh gandi icecast npm npmplus haproxy squid envoy uwsgi gorouter gin chi django php iis_native s3 elb alb cloudfront_realtime uvicorn actix morgan fiber tornado daphne nextjs sanic negroni w3c iis cloudfront shoutcast netscaler incapsula json caddy traefik_json nginx_json envoy_json cloudflare fastly gcp kong ecs pino api_gateway echo logfmt ltsv heroku csv gcs'; return ;;
        --start) return ;;
        --seed) return ;;
        --speed) return ;;
        esac
        _httpmon_reply '--rates --durations --errors --flood --slow-start --disorder --format -f --start --seed --realtime --speed --help -h'
        return
    fi
    case $option in
        --interval|-i) return ;;
        --threshold|-t) return ;;
        --window|-w) return ;;
        --alert) return ;;
        --lateness) return ;;
        --patience) return ;;
        --time) _httpmon_reply 'end stamp'; return ;;
        --format|-f) _httpmon_reply 'auto common combined vhost_combined nginx nginx_timed ingress apache_us apache_s quoted_combined tomcat jetty lighttpd gunicorn varnish traefik ionos ovh gandi icecast npm npmplus haproxy squid envoy uwsgi gorouter gin chi django php iis_native s3 elb alb cloudfront_realtime uvicorn actix morgan fiber tornado daphne nextjs sanic negroni w3c iis cloudfront shoutcast netscaler incapsula json caddy traefik_json nginx_json envoy_json cloudflare fastly gcp kong ecs pino api_gateway echo logfmt ltsv heroku csv gcs rollup'; return ;;
        --client) _httpmon_reply 'logged forwarded'; return ;;
        --trusted) return ;;
        --log-tz) return ;;
        --tz) return ;;
        --top) compopt -o nospace 2>/dev/null; _httpmon_reply 'section client path user method status protocol host referrer agent network not-found failing bot bot-kind cache asn country endpoint query extension page static referrer-host browser os visitor agent-token hour weekday source' "${word%"${word##*,}"}"; return ;;
        --columns) _httpmon_reply 'hits share 4xx 5xx mean p95 bytes first last'; return ;;
        --group) return ;;
        --own) return ;;
        --rollup-by) _httpmon_reply 'section client path user method status protocol host referrer agent network not-found failing bot bot-kind cache asn country endpoint query extension page static referrer-host browser os visitor agent-token hour weekday source'; return ;;
        --mmdb) _httpmon_files; return ;;
        --where) return ;;
        --since) return ;;
        --until) return ;;
        --compare) return ;;
        --report|-r) _httpmon_reply 'text json html email openmetrics csv lines rollup'; return ;;
        --during) return ;;
        --output|-o) _httpmon_files; return ;;
        --color) _httpmon_reply 'auto always never'; return ;;
        --on-alert) _httpmon_files -A command; return ;;
        --history) _httpmon_reply 'auto'; return ;;
        --state) _httpmon_files; return ;;
        --idle-exit) return ;;
        --threads) return ;;
        --generate) _httpmon_reply 'man man-formats man-rules man-recipes complete-bash complete-zsh complete-fish'; return ;;
    esac
    if [[ $word == -* ]]; then
        _httpmon_reply '--replay --interval -i --threshold -t --window -w --alert --check --lateness --patience --time --format -f --client --trusted --log-tz --tz --top --columns --group --own --rollup-by --mmdb --anonymize --where --since --until --compare --report -r --during --with-source --output -o --dashboard --color --on-alert --on-alert-in-replay --exit-code --follow -F --history --state --idle-exit --threads --quiet -q --verbose -v --generate --help -h --version -V'
        return
    fi
    if ((at == 1)); then _httpmon_reply simulate; fi
    _httpmon_files
}

complete -F _httpmon httpmon
