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
complete -c httpmon -l lateness -d 'how long to wait for lines out of order (5s, with --replay 1m)' -x
complete -c httpmon -l format -s f -d 'the log\'s format (auto)' -x -a '(printf \'%s\\n\' \'auto	each line by its shape\' \'common	the Common Log Format of NCSA httpd; more fields may follow\' \'combined	common with referrer and user agent, the default of nginx and of most Apache set-ups; more fields may follow\' \'vhost_combined	combined after the virtual host and its port, Debian\\\'s choice for Apache with several sites\' \'csv	values under the header "remotehost","rfc931","authuser","date","request","status","bytes", the date in epoch seconds\')'
complete -c httpmon -l log-tz -d 'the zone of times in the log that have no offset (UTC)' -x
complete -c httpmon -l tz -d 'the zone to show times in (the offset of the first record)' -x
complete -c httpmon -l top -d 'dimensions to list, and how many rows (section=5,client=5)' -x -a '(__httpmon_top \'section	what stands before the second / of the request target\' \'client	the client\\\'s address or name\' \'path	the request target without query and fragment\' \'user	the authenticated user\' \'method	GET, POST, …\' \'status	the status code\' \'protocol	HTTP/1.1, HTTP/2.0, …\' \'host	the virtual host, as the log has it\' \'referrer	the Referer header\' \'agent	the User-Agent header\' \'source	the file the line came from\')'
complete -c httpmon -l report -s r -d 'how to write reports and alerts (text)' -x -a '(printf \'%s\\n\' \'text	for people, plain or coloured\' \'json	JSON Lines, one object per line\')'
complete -c httpmon -l color -d 'when to colour (auto)' -x -a '(printf \'%s\\n\' \'auto	on a terminal\' \'always	in any case\' \'never	plain text\')'
complete -c httpmon -l exit-code -d 'exit 1 if an alert fired, 3 if no record could be read'
complete -c httpmon -l idle-exit -d 'live: end when no line has come for D' -x
complete -c httpmon -l quiet -s q -d 'alerts only: no reports, no summary'
complete -c httpmon -l generate -d 'print the man page or the completions of a shell' -x -a '(printf \'%s\\n\' \'man	the man page\' \'complete-bash	completions for bash\' \'complete-zsh	completions for zsh\' \'complete-fish	completions for fish\')'
complete -c httpmon -l help -s h -d '-h prints this, --help more'
complete -c httpmon -l version -s V -d 'print the version'
