# The words of the page around sentences and labels.

# The heading of the list of devices.
page-devices = Devices
# The link past the head of a page, for keyboards.
page-skip = Skip to the content
# The heading over what waits for the owner.
page-waiting = Waits for you
# The way to a question.
page-decide = Look at it and decide
# The heading over devices of which something was blocked.
page-blocked-devices = Something was blocked
# The heading over the rest.
page-other-devices = Other devices
# There is no device.
page-no-devices = No device yet
# How devices come to be there.
page-no-devices-hint = A device shows up here as soon as it asks this router for an address.
# The heading over the sentences.
page-may-do = What it may do
# The heading over the sentences that a yes would bring.
page-may-do-if-approved = What it may do if you agree
# The heading over the sentences that hold until then.
page-may-do-meanwhile = What it may do until you decide
# What holds beyond the sentences.
page-else-blocked = Everything else is blocked.
# The same for a device that is only watched.
page-else-recorded = Everything else passes too, and is recorded.
# Instead of sentences, for a device that is not limited.
page-not-limited = It may use the whole network: nothing of it is blocked or recorded.
# The heading over what was blocked.
page-blocked = What was blocked
# The same for a device that is only watched.
page-would-be-blocked = What would have been blocked
# Nothing was.
page-nothing-blocked = Nothing was blocked.
# Nothing would have been.
page-nothing-recorded = Nothing would have been blocked.
# Where the list of what was blocked is kept.
page-blocked-is-kept = This list is kept in memory only, on this router.
# The heading over the facts about a device.
page-about = About this device
# The heading over what became of each ACE.
page-technical-rules = Technical rules
# The column with the name of an ACE.
page-rule = Rule
# The column with what became of it.
page-outcome = What became of it
# Where decisions are taken when this page does not offer them; a command follows.
page-decide-elsewhere = Decisions are taken on the router itself, with
# Its name by DHCP.
page-host-name = It calls itself
# Its addresses.
page-addresses = Addresses
# Its MAC address.
page-mac-address = Hardware address
# The port of the router.
page-port = Connected at
# Where its rules come from.
page-mud-url = Its rules come from
# What the file says it is.
page-system-info = The maker calls it
# The maker's name in the file.
page-manufacturer = Maker, as the rules say
# The model's name in the file.
page-model = Model, as the rules say
# When the maker changed the rules.
page-last-update = Rules written
# When the rules were retrieved or confirmed.
page-retrieved = Rules checked
# The digest of the file.
page-digest = Fingerprint of the rules
# When it was first seen.
page-first-seen = First seen
# The maker no longer updates it.
page-not-supported = The maker says: there are no more updates for this device.
# The mode `watch`.
page-mode-watch = Mode: watch
# The mode `ask`.
page-mode-ask = Mode: ask
# The mode `protect`.
page-mode-protect = Mode: protect
# What the modes do.
page-mode-watch-means = Nothing is blocked. What would be is recorded.
page-mode-ask-means = Devices with rules are limited to them. You are asked about what is uncertain.
page-mode-protect-means = Devices with rules are limited to them. Every other device waits for you.
# What the page is.
page-footer = This page comes from your router and works without the internet. Nothing you see here leaves your home.
# The way back to all devices.
page-all-devices = All devices
# There is no such page.
page-refused-no-such-page = There is no such page.
# There is no such device.
page-refused-no-such-device = There is no such device in your home.
# The question was answered meanwhile, or has gone.
page-refused-nothing-waits = Nothing of this device waits for you any more.
# Another question came up since the page was made.
page-refused-other-question = There is a newer question about this device, so nothing was changed. Read it first.
# The request is for another host.
page-refused-wrong-host = This router is not called by this name. Call it by its address.
# A form of another site.
page-refused-other-site = This request came from another web site, so nothing was changed.
# A form from before the start of the gateway.
page-refused-old-form = This page was older than the router’s last start, so nothing was changed. Open it again and repeat your decision.
# Decisions are not taken from there.
page-refused-not-here = Decisions are taken on the router itself, so nothing was changed.
# The manager did not answer.
page-refused-no-answer = Your decision was not confirmed in time. Look at the device before you try again.

# A device without any name; $last: the end of its MAC address.
device-unknown = Unknown device ({ $last })

# How many. $count: a number.
count-waiting =
    { $count ->
        [0] Nothing waits for you
        [one] 1 device waits for you
       *[other] { $count } devices wait for you
    }
count-limited = { $count } limited
count-watched = { $count } watched
count-not-limited = { $count } not limited
# Packets that named another device, or this router, as their sender.
count-forged =
    { $count ->
        [one] 1 packet with a forged sender stopped
       *[other] { $count } packets with a forged sender stopped
    }
count-blocked =
    { $count ->
        [one] 1 attempt blocked
       *[other] { $count } attempts blocked
    }
count-would-be-blocked =
    { $count ->
        [one] 1 attempt would have been blocked
       *[other] { $count } attempts would have been blocked
    }
count-times =
    { $count ->
        [one] once
       *[other] { $count } times
    }
count-enforced = { $count } hold as written
count-narrowed = { $count } hold in part
count-refused = { $count } left out

# How long ago. $count: how many of the unit.
# $ago: one of the others.
ago-seen = last seen { $ago }
ago-now = just now
ago-minutes =
    { $count ->
        [one] 1 minute ago
       *[other] { $count } minutes ago
    }
ago-hours =
    { $count ->
        [one] 1 hour ago
       *[other] { $count } hours ago
    }
ago-days =
    { $count ->
        [one] 1 day ago
       *[other] { $count } days ago
    }
