#!/bin/sh
# What the DHCP clients of the Things call. It sets the address, the route and the resolvers, and says so on standard output.
# udhcpc says what happened in $1, dhclient in $reason; their variables differ.
case ${reason:-$1} in
bound | renew)
    address=$ip mask=${mask:-24} routers=$router servers=$dns seconds=$lease
    ;;
BOUND | RENEW | REBIND | REBOOT)
    address=$new_ip_address mask=$new_subnet_mask routers=$new_routers servers=$new_domain_name_servers
    seconds=$new_dhcp_lease_time
    ;;
deconfig | EXPIRE | FAIL | RELEASE | STOP)
    ip -4 address flush dev eth0
    exit
    ;;
*)
    exit
    ;;
esac
ip -4 address flush dev eth0
ip address add "$address/$mask" dev eth0
ip route replace default via "${routers%% *}"
for server in $servers; do
    echo "nameserver $server"
done >"$RESOLV_CONF"
echo "lease: $address ${routers%% *} $seconds $servers"
