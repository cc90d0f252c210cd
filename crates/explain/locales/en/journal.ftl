# The rows of the journal: what happened, after the name of the device and before the details.

journal-url-learnt = it has a MUD URL
journal-file-in-force = rules took hold
journal-file-refused = a file was refused
journal-question-raised = a question came up
journal-question-ended = a question went away without an answer
journal-approved = approved
journal-rejected = rejected
journal-urls-ignored = it named more MUD URLs in a day than are looked at
journal-allowed = allowed
journal-blocked = blocked
journal-lifted = its limits were lifted
journal-override-ended = what was allowed, blocked or lifted ended
journal-mode-set = its mode was chosen
journal-controllers-set = its controllers were chosen
journal-renamed = named
journal-forgotten = forgotten
journal-undone = taken back

# Who did it.

author-page = the household
author-command-line = the command line
# $name: the name of an API token.
author-token = the token { $name }
author-maker = its maker
author-device = the device
author-mudguard = Mudguard
