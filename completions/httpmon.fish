# fish completion for httpmon, written by httpmon --generate complete-fish

# The arguments, each behind what is typed of the list so far.
function __httpmon_top
    set -l typed (commandline -ct | string replace -r '^--top=' '')
    set -l before (string replace -r '[^,]*$' '' -- $typed)
    printf '%s\n' "$before"$argv
end

complete -c httpmon -l replay -d 'read history: alerts and a closing summary, no wall clock'
complete -c httpmon -l interval -s i -d 'write a report for every D of log time (10s)' -x
complete -c httpmon -l threshold -s t -d 'mean requests per second above which traffic is high (10)' -x
complete -c httpmon -l window -s w -d 'the sliding window of that mean (2m)' -x
complete -c httpmon -l alert -d 'an alert rule; may be given several times' -x
complete -c httpmon -l lateness -d 'how long to wait for lines out of order (5s, with --replay 1m)' -x
complete -c httpmon -l format -s f -d 'auto, a name, a LogFormat or a log_format (auto)' -x -a '(printf \'%s\\n\' \'auto	each line by its shape\' \'common	the Common Log Format of NCSA httpd, also without a protocol (HTTP/0.9); more fields may follow\' \'combined	common with referrer and user agent, the default of nginx and of most Apache set-ups; more fields may follow\' \'vhost_combined	combined after the virtual host and its port, Debian\\\'s choice for Apache with several sites\' \'nginx	the main format of nginx: combined and $http_x_forwarded_for\' \'nginx_timed	combined with nginx\\\'s $request_time and $upstream_response_time\' \'ingress	the ingress controller of Kubernetes, ingress-nginx\' \'apache_us	combined with Apache\\\'s %D, the duration in microseconds\' \'apache_s	combined with Apache\\\'s %T, the duration in seconds\' \'quoted_combined	combined in an extra pair of quotes, as some exporters of CSV leave it\' \'tomcat	Tomcat\\\'s AccessLogValve, pattern common\' \'jetty	Jetty\\\'s extended NCSA log\' \'lighttpd	the default of lighttpd: the virtual host in the place of the ident\' \'gunicorn	the default of Gunicorn\' \'varnish	the default of varnishncsa\' \'traefik	Traefik\\\'s default (CLF)\' \'ionos	IONOS: the virtual host after the bytes\' \'ovh	OVH: the virtual host in the place of the ident\' \'gandi	Gandi: the virtual host first, and a remark in parentheses after the time\' \'icecast	Icecast: combined and how long the listener stayed, in seconds\' \'npm	Nginx Proxy Manager, its proxy and its standard log\' \'npmplus	NPMplus, a fork of Nginx Proxy Manager\' \'haproxy	HAProxy\\\'s HTTP log (option httplog), with its syslog prefix or without\' \'squid	Squid\\\'s native access.log\' \'envoy	Envoy\\\'s default text format, and Istio\\\'s\' \'uwsgi	the request log of uWSGI\' \'s3	Amazon S3 server access log\' \'elb	Amazon Elastic Load Balancing, classic\' \'alb	Amazon Application Load Balancer\' \'w3c	the W3C extended log format: #Fields decides, and may change in mid-stream\' \'iis	Microsoft IIS; without #Fields its default lists of fields\' \'cloudfront	Amazon CloudFront, tab-separated; without #Fields its own list of fields\' \'shoutcast	Shoutcast, W3C\' \'netscaler	Citrix NetScaler, W3C\' \'incapsula	Imperva Incapsula, W3C with every value in quotes\' \'json	JSON lines with any of the usual keys; json: field=key … names others\' \'caddy	Caddy\\\'s access log\' \'traefik_json	Traefik, format json\' \'nginx_json	JSON of nginx (escape=json), with the names of its variables as keys\' \'envoy_json	JSON of Envoy\' \'cloudflare	Cloudflare Logpush, HTTP requests\' \'fastly	Fastly, JSON as in its documentation\' \'gcp	Google Cloud load balancer\' \'csv	values under the header "remotehost","rfc931","authuser","date","request","status","bytes", the date in epoch seconds\')'
complete -c httpmon -l log-tz -d 'the zone of times in the log that have no offset (UTC)' -x
complete -c httpmon -l tz -d 'the zone to show times in (the offset of the first record)' -x
complete -c httpmon -l top -d 'dimensions to list, and how many rows (section=5,client=5)' -x -a '(__httpmon_top \'section	what stands before the second / of the request target\' \'client	the client\\\'s address or name\' \'path	the request target without query and fragment\' \'user	the authenticated user\' \'method	GET, POST, …\' \'status	the status code\' \'protocol	HTTP/1.1, HTTP/2.0, …\' \'host	the virtual host, as the log has it\' \'referrer	the Referer header\' \'agent	the User-Agent header\' \'network	the /24 of a client\\\'s IPv4 address, the /48 of an IPv6 address\' \'not-found	the path of a request that was answered with 404\' \'failing	the path of a request that was answered with 5xx\' \'bot	the robot that the user agent names; see below\' \'cache	what the cache said, as the log has it: HIT, MISS, …\' \'asn	the network that announces the client\\\'s address, and who runs it, by --mmdb: AS64496 Example\' \'country	the country of the client\\\'s address by --mmdb: DE, FR, …\' \'source	the file the line came from\')'
complete -c httpmon -l mmdb -d 'a database of networks or countries; may be given several times' -x
complete -c httpmon -l where -d 'count only records that match' -x
complete -c httpmon -l since -d 'count only records from T on' -x
complete -c httpmon -l until -d 'count only records before T' -x
complete -c httpmon -l report -s r -d 'how to write reports and alerts (text)' -x -a '(printf \'%s\\n\' \'text	for people, plain or coloured\' \'json	JSON Lines, one object per line\')'
complete -c httpmon -l color -d 'when to colour (auto)' -x -a '(printf \'%s\\n\' \'auto	on a terminal\' \'always	in any case\' \'never	plain text\')'
complete -c httpmon -l on-alert -d 'run PROG when an alert fires and when it is over' -r -a '(complete -C (commandline -ct | string replace -r "^--on-alert=" ""))'
complete -c httpmon -l on-alert-in-replay -d 'run the program of --on-alert in replay too'
complete -c httpmon -l exit-code -d 'exit 1 if an alert fired, 3 if no record could be read'
complete -c httpmon -l idle-exit -d 'live: end when no line has come for D' -x
complete -c httpmon -l threads -d 'count with N threads in replay of files (all cores)' -x
complete -c httpmon -l quiet -s q -d 'alerts only: no reports, no summary'
complete -c httpmon -l verbose -s v -d 'say on standard error which formats were recognised'
complete -c httpmon -l generate -d 'print the man page or the completions of a shell' -x -a '(printf \'%s\\n\' \'man	the man page\' \'complete-bash	completions for bash\' \'complete-zsh	completions for zsh\' \'complete-fish	completions for fish\')'
complete -c httpmon -l help -s h -d '-h prints this, --help more'
complete -c httpmon -l version -s V -d 'print the version'
