# Where a device stands.

standing-waits = Waits for you
standing-limited = Limited
standing-restricted = Reaches only this router
standing-watched = Watched, not limited
standing-not-limited = Not limited
# $standing: one of these, which holds only when the kernel has taken the rules.
standing-soon = { $standing }, soon: the rules are being loaded

# Why rules are believed. Never "safe".
# $signer: the name in the signer's certificate.

trust-signed = Rules signed by { $signer }, and the signature was verified
trust-signed-provisional = Rules signed by { $signer }; the dates are checked again once the clock is set
# $day: a day, such as 2026-01-31.
trust-approved = Rules approved by you on { $day }
# $reason: why the owner must decide, in English.
trust-waits = Its rules wait for your decision: { $reason }
trust-none = No rules from its maker are in use
trust-no-url = It does not say what it needs

# How the address of the rules was learnt.

channel-dhcp = told by the device itself, which can be faked
channel-lldp = told by the device itself over its cable, which can be faked
channel-certificate = proven by the certificate of the device
channel-owner = told by you, by hand or from the code on the device

# What became of a technical rule. $what and $why are in English.

verdict-enforced = Holds as written
verdict-narrowed = Holds in part: { $what }
verdict-refused = Left out: { $why }
