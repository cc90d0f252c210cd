# Removes a home when the process that owns it lets go of standard input: because it asks for it, or because it is no more.
# $1 the name of the home, $2 its folder
cat >/dev/null

# Processes may start others while they are being killed, hence several rounds.
for round in 1 2 3 4 5; do
    processes=$(
        {
            stat --dereference --format='space %i' "/run/netns/$1"-*
            stat --dereference --format='%i %n' /proc/[0-9]*/ns/net
        } 2>/dev/null | awk '
            $1 == "space" { spaces[$2]; next }
            $1 in spaces { split($2, part, "/"); print part[3] }'
    )
    [ -n "$processes" ] || break
    kill -KILL $processes
done

for space in "/run/netns/$1"-*; do
    [ -e "$space" ] && echo "netns delete ${space##*/}"
done | ip -force -batch -

rm -rf "${2:?}"
