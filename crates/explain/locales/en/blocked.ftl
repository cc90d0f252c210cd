# What was blocked. $name: a domain name; $address: an IP address; $services: see services.ftl.

attempt-to-name = Tried to contact { $name } ({ $address }): { $services }
attempt-to-address = Tried to contact { $address }: { $services }
attempt-from-name = { $name } ({ $address }) tried to contact it: { $services }
attempt-from-address = { $address } tried to contact it: { $services }

# Why.

reason-not-in-rules = Its rules do not name this.
reason-not-approved = Its rules name addresses, and those wait for your approval.
reason-waits = It has no rules yet: they wait for your decision.
reason-other-name-service = It asked another name service instead of this router.
reason-no-look-up = It used an address without looking up a name, so no rule can permit it by name.
