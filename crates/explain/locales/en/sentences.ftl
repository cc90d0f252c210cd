# What a device may do. The heading above says "What it may do", so the sentences have no subject.
# $direction: "to" if the device may open the flow, "by" if the other end may, "both" for either.
# $services: a list of services, see services.ftl.
# $count: how many names, addresses or devices are meant; $list: those, in words; $few: "yes" if they are few enough to be told.

list-separator = ,{ " " }
list-last = { $rest } and { $last }

# A registrable domain ($domain) under which $count names are meant.
place-names =
    { $count ->
        [one] { $domain }
       *[other] { $domain } ({ $count } names)
    }

sentence-internet =
    { $direction ->
        [to] May contact anything, also anywhere on the internet: { $services }.
        [by] Can be reached from anywhere, also from the internet: { $services }.
       *[both] May exchange data with anything, also anywhere on the internet: { $services }.
    }
sentence-maker =
    { $direction ->
        [to] May contact the maker’s cloud, { $place }: { $services }.
        [by] Can be contacted by the maker’s cloud, { $place }: { $services }.
       *[both] May exchange data with the maker’s cloud, { $place }: { $services }.
    }
sentence-place =
    { $direction ->
        [to] May contact { $place }: { $services }.
        [by] Can be contacted by { $place }: { $services }.
       *[both] May exchange data with { $place }: { $services }.
    }
# $domains: how many domains.
sentence-places =
    { $direction ->
        [to] May contact { $domains } other places on the internet ({ $count } names): { $services }.
        [by] Can be contacted by { $domains } other places on the internet ({ $count } names): { $services }.
       *[both] May exchange data with { $domains } other places on the internet ({ $count } names): { $services }.
    }
# $domain is a cloud in which anybody can rent a server.
sentence-shared =
    { $direction ->
        [to] May contact { $count ->
            [one] a rented server
           *[other] { $count } rented servers
        } at { $domain }: { $services }.
        [by] Can be contacted by { $count ->
            [one] a rented server
           *[other] { $count } rented servers
        } at { $domain }: { $services }.
       *[both] May exchange data with { $count ->
            [one] a rented server
           *[other] { $count } rented servers
        } at { $domain }: { $services }.
    }
sentence-addresses =
    { $direction ->
        [to] May contact { $few ->
            [yes] { $list }
           *[no] { $count } addresses
        } on the internet, by address and not by name: { $services }.
        [by] Can be contacted by { $few ->
            [yes] { $list }
           *[no] { $count } addresses
        } on the internet, by address and not by name: { $services }.
       *[both] May exchange data with { $few ->
            [yes] { $list }
           *[no] { $count } addresses
        } on the internet, by address and not by name: { $services }.
    }
sentence-other-name-service =
    May use another name service instead of this router: { $few ->
        [yes] { $list }
       *[no] { $count } servers
    }.
sentence-home =
    { $direction ->
        [to] May start talking to any device in your home: { $services }.
        [by] May be controlled by devices in your home: { $services }.
       *[both] May exchange data with any device in your home: { $services }.
    }
sentence-home-addresses =
    { $direction ->
        [to] May start talking to { $few ->
            [yes] { $list }
           *[no] { $count } addresses
        } in your home: { $services }.
        [by] May be controlled by { $few ->
            [yes] { $list }
           *[no] { $count } addresses
        } in your home: { $services }.
       *[both] May exchange data with { $few ->
            [yes] { $list }
           *[no] { $count } addresses
        } in your home: { $services }.
    }
sentence-router =
    { $direction ->
        [to] May talk to this router: { $services }.
        [by] May be contacted by this router: { $services }.
       *[both] May exchange data with this router: { $services }.
    }
sentence-devices =
    May talk with { $few ->
        [yes] { $list }
       *[no] { $count } of your devices
    }: { $services }.
sentence-same-manufacturer =
    May talk with your other devices by the same maker{ $count ->
        [0] .
       *[other] {" "}({ $few ->
            [yes] { $list }
           *[no] { $count } devices
        }): { $services }.
    }
# $who: the domain name of the maker.
sentence-manufacturer =
    May talk with your devices by { $who }{ $count ->
        [0] .
       *[other] {" "}({ $few ->
            [yes] { $list }
           *[no] { $count } devices
        }): { $services }.
    }
sentence-model =
    May talk with your devices of one model{ $count ->
        [0] .
       *[other] {" "}({ $few ->
            [yes] { $list }
           *[no] { $count } devices
        }): { $services }.
    }
# $who: the name of the class of controllers, a URI.
sentence-controller =
    May be controlled by its controller, “{ $who }”{ $count ->
        [0] .
       *[other] {" "}({ $few ->
            [yes] { $list }
           *[no] { $count } devices
        }): { $services }.
    }
sentence-my-controller =
    May be controlled by a device that you choose{ $count ->
        [0] .
       *[other] {" "}({ $few ->
            [yes] { $list }
           *[no] { $count } devices
        }): { $services }.
    }
# Follows one of the sentences above if no such device is there.
sentence-none-found = None found yet.
sentence-discovery = May search for devices in your home and announce itself to them.
sentence-time-servers =
    May ask time servers for the time{ $few ->
        [yes] {" "}({ $list })
       *[no] {" "}({ $count } names)
    }.
sentence-time-from-router-and-servers =
    May ask this router and other time servers for the time{ $few ->
        [yes] {" "}({ $list })
       *[no] {" "}({ $count } names)
    }.
sentence-time-from-router = May ask this router for the time.
sentence-names-from-router = May look up internet names, through this router.
sentence-address-assignment = May ask your network for an address.
# $rules: how many.
sentence-exceptions =
    { $rules ->
        [one] One rule takes away part of the above; the technical rules show which.
       *[other] { $rules } rules take away parts of the above; the technical rules show which.
    }
sentence-nothing = May not use the network at all, except to get an address.
