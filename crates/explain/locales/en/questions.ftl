# What the owner is asked. First what happened, then what holds meanwhile, then the two buttons: short, and what they do.

# $reason: why the file is not believed on its own, in English, without a full stop.
question-file = There are rules for this device, but they need your decision: { $reason }.
question-file-expired = There are rules for this device, but whoever signed them may sign no more: { $reason }. The maker must sign them again.
question-file-other-signer = There are new rules for this device, and another than before has signed them: { $reason }.
question-file-wider = The maker has changed the rules of this device. The new ones allow more than those that hold. The same signer has signed them.
question-file-yes = Use these rules
question-file-no = Do not use them
question-new-rules-yes = Use the new rules
question-new-rules-no = Keep the old rules
question-addresses = Part of its rules names addresses instead of names. Who is behind an address can change.
question-addresses-yes = Allow these addresses
question-addresses-no = Keep them blocked
# $new: a URL.
question-url = It says now that other rules are for it: { $new }. An update can be the reason, or a device that pretends to be another.
question-other-maker = It says now that it is made by another maker, and that these rules are for it: { $new }. A device that pretends to be another can be the reason.
question-new-device-with-rules = This device has joined your home. It says itself which rules are for it, and that can be faked.
question-new-device-random = This device has joined your home. It uses a changing address, so it is probably a phone or a computer, and may be asked about again when it comes back.
question-my-controller = Its rules say that a device which you choose controls it, such as a hub.
question-controller = Its rules say that certain devices control it, and only you know which: { $class }.
question-controllers-yes = Choose devices
question-controllers-no = Nothing controls it
question-group = Its rules let it talk with other devices of its maker, but only it says that it is one of them.
question-group-yes = It is one of them
question-group-no = Keep it apart
question-place = It was seen at { $port } while it is connected elsewhere. It was moved, or another device pretends to be it.
question-place-yes = It was moved
question-place-no = It was not moved
question-new-device = This device has joined your home, and there are no rules for it.
question-new-device-yes = Do not limit it
question-new-device-no = Keep it limited

question-meanwhile-restricted = Until you decide, it reaches only this router.
question-meanwhile-old-rules = Until you decide, the old rules stay.
question-meanwhile-no-members = Until you decide, this part of its rules allows nothing.
question-meanwhile-old-place = Until you decide, it counts as being where it was.
question-meanwhile-no-addresses = Until you decide, this part of its rules is left out.

# What the household should know about the gateway itself.

# $list: prefixes of addresses.
notice-laboratory = Laboratory setting: { $list } count as addresses of the internet. This is for tests; turn it off in a real home.
# $path: a path on this router.
notice-database = What was stored could not be read, and was set aside as { $path }. Known devices stay limited until they are learned anew.
# $reason: the kernel’s answer, in English.
notice-not-stored = What is decided cannot be stored: { $reason }. The rules hold, but a restart would lose what is new.
notice-firewall = The newest rules could not be loaded: { $reason }. The last good rules stay.
# $what: what cannot be enforced, in English.
notice-limitation = Not everything can be enforced here: { $what }.
notice-clock = The clock of this router is not set yet. Dates of signatures are checked once it is.

# What is wrong with the rules of a device. $reason: why, in English, without a full stop. The short ones stand in a list.
trouble-refused-url = It says where its rules are, but that address is not used: { $reason }.
trouble-refused-url-short = Address of its rules refused
trouble-no-file = Its rules could not be retrieved yet: { $reason }. This is tried again.
trouble-no-file-short = Rules not retrieved
trouble-not-renewed = Its rules could not be renewed: { $reason }. The last good rules stay.
trouble-not-renewed-short = Rules not renewed
