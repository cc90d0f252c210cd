# Services, as items of a list: "encrypted web, messages (not encrypted) and port 9999".
# Say "encrypted" or "not encrypted", never "secure"; say neither where it is not known.

service-anything = any kind of data
service-encrypted-web = encrypted web
service-web = web (not encrypted)
service-encrypted-messages = encrypted messages
service-messages = messages (not encrypted)
service-notifications = notifications
service-calls = calls and video
service-streaming = streaming
service-mail = mail
service-encrypted-names = encrypted name look-ups
service-names = name look-ups
service-time = time
service-address = address assignment
service-discovery = device search
service-encrypted-remote-control = encrypted remote control
service-remote-control = remote control (not encrypted)
service-file-sharing = file sharing
service-printing = printing
service-ping = ping
service-signalling = network signalling
# $number: an IP protocol number.
service-number = protocol { $number }
service-all-tcp = any TCP port
service-all-udp = any UDP port
# $ports: a list; $count: how many.
service-ports =
    { $count ->
        [one] port { $ports }
       *[other] ports { $ports }
    }
service-many-ports = { $count } other ports
