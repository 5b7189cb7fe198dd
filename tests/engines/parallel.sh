#!/usr/bin/env bash
# GNU parallel runs httpmon where the logs are, over ssh, here to a server on loopback. What it prints is one rollup behind
# the other, and that is a rollup.
source "$(dirname "$0")/common.sh"
need parallel parallel
need ssh openssh-client
[[ -x /usr/sbin/sshd ]] || need sshd openssh-server
make_log

port=$((20000 + RANDOM % 20000))
ssh-keygen -q -t ed25519 -N '' -f host_key
ssh-keygen -q -t ed25519 -N '' -f user_key
chmod 700 . && cp user_key.pub authorized_keys
cat >sshd_config <<CONFIG
ListenAddress 127.0.0.1
Port $port
HostKey $work/host_key
AuthorizedKeysFile $work/authorized_keys
PidFile $work/sshd.pid
PasswordAuthentication no
StrictModes no
UsePAM no
MaxStartups 50
CONFIG
mkdir -p /run/sshd
/usr/sbin/sshd -f sshd_config
trap 'kill "$(cat "$work/sshd.pid")" 2>/dev/null; rm -rf "$work"' EXIT
cat >ssh_config <<CONFIG
Host *
    Port $port
    IdentityFile $work/user_key
    UserKnownHostsFile $work/known_hosts
    StrictHostKeyChecking accept-new
    LogLevel ERROR
CONFIG

user=$(id -un)
PARALLEL_HOME=$work parallel --will-cite --ssh "ssh -F $work/ssh_config" --jobs 2 --sshlogin "$user@127.0.0.1,$user@localhost" \
    "$HTTPMON --replay --report rollup {}" ::: "$work"/log.? >all.rollup
"$HTTPMON" "${replay[@]}" all.rollup >found.json
same found.json
echo 'GNU parallel over ssh: the rollups of eight parts are one replay'
