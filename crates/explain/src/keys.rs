//! The keys of all messages. A key exists only if it stands here, so the compiler tells which are not used and a test which a
//! language lacks.

/// The key of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key(&'static str);

impl Key {
    pub(crate) fn id(self) -> &'static str {
        self.0
    }
}

macro_rules! keys {
    ($($name:ident = $id:literal,)*) => {
        $(pub(crate) const $name: Key = Key($id);)*

        /// Every key of the list.
        #[cfg(test)]
        pub(crate) const ALL: &[Key] = &[$($name),*];
    };
}

keys! {
    LIST_SEPARATOR = "list-separator",
    LIST_LAST = "list-last",
    PLACE_NAMES = "place-names",

    SENTENCE_INTERNET = "sentence-internet",
    SENTENCE_MAKER = "sentence-maker",
    SENTENCE_PLACE = "sentence-place",
    SENTENCE_PLACES = "sentence-places",
    SENTENCE_SHARED = "sentence-shared",
    SENTENCE_ADDRESSES = "sentence-addresses",
    SENTENCE_OTHER_NAME_SERVICE = "sentence-other-name-service",
    SENTENCE_HOME = "sentence-home",
    SENTENCE_HOME_ADDRESSES = "sentence-home-addresses",
    SENTENCE_ROUTER = "sentence-router",
    SENTENCE_DEVICES = "sentence-devices",
    SENTENCE_SAME_MANUFACTURER = "sentence-same-manufacturer",
    SENTENCE_MANUFACTURER = "sentence-manufacturer",
    SENTENCE_MODEL = "sentence-model",
    SENTENCE_CONTROLLER = "sentence-controller",
    SENTENCE_MY_CONTROLLER = "sentence-my-controller",
    SENTENCE_NONE_FOUND = "sentence-none-found",
    SENTENCE_DISCOVERY = "sentence-discovery",
    SENTENCE_TIME_SERVERS = "sentence-time-servers",
    SENTENCE_TIME_FROM_ROUTER_AND_SERVERS = "sentence-time-from-router-and-servers",
    SENTENCE_TIME_FROM_ROUTER = "sentence-time-from-router",
    SENTENCE_NAMES_FROM_ROUTER = "sentence-names-from-router",
    SENTENCE_ADDRESS_ASSIGNMENT = "sentence-address-assignment",
    SENTENCE_EXCEPTIONS = "sentence-exceptions",
    SENTENCE_NOTHING = "sentence-nothing",

    SERVICE_ANYTHING = "service-anything",
    SERVICE_ENCRYPTED_WEB = "service-encrypted-web",
    SERVICE_WEB = "service-web",
    SERVICE_ENCRYPTED_MESSAGES = "service-encrypted-messages",
    SERVICE_MESSAGES = "service-messages",
    SERVICE_NOTIFICATIONS = "service-notifications",
    SERVICE_CALLS = "service-calls",
    SERVICE_STREAMING = "service-streaming",
    SERVICE_MAIL = "service-mail",
    SERVICE_ENCRYPTED_NAMES = "service-encrypted-names",
    SERVICE_NAMES = "service-names",
    SERVICE_TIME = "service-time",
    SERVICE_ADDRESS = "service-address",
    SERVICE_DISCOVERY = "service-discovery",
    SERVICE_ENCRYPTED_REMOTE_CONTROL = "service-encrypted-remote-control",
    SERVICE_REMOTE_CONTROL = "service-remote-control",
    SERVICE_FILE_SHARING = "service-file-sharing",
    SERVICE_PRINTING = "service-printing",
    SERVICE_PING = "service-ping",
    SERVICE_SIGNALLING = "service-signalling",
    SERVICE_NUMBER = "service-number",
    SERVICE_ALL_TCP = "service-all-tcp",
    SERVICE_ALL_UDP = "service-all-udp",
    SERVICE_PORTS = "service-ports",
    SERVICE_MANY_PORTS = "service-many-ports",

    STANDING_WAITS = "standing-waits",
    STANDING_LIMITED = "standing-limited",
    STANDING_RESTRICTED = "standing-restricted",
    STANDING_WATCHED = "standing-watched",
    STANDING_NOT_LIMITED = "standing-not-limited",

    TRUST_SIGNED = "trust-signed",
    TRUST_SIGNED_PROVISIONAL = "trust-signed-provisional",
    TRUST_APPROVED = "trust-approved",
    TRUST_WAITS = "trust-waits",
    TRUST_NONE = "trust-none",
    TRUST_NO_URL = "trust-no-url",

    CHANNEL_DHCP = "channel-dhcp",
    CHANNEL_LLDP = "channel-lldp",
    CHANNEL_CERTIFICATE = "channel-certificate",
    CHANNEL_OWNER = "channel-owner",

    VERDICT_ENFORCED = "verdict-enforced",
    VERDICT_NARROWED = "verdict-narrowed",
    VERDICT_REFUSED = "verdict-refused",

    ATTEMPT_TO_NAME = "attempt-to-name",
    ATTEMPT_TO_ADDRESS = "attempt-to-address",
    ATTEMPT_FROM_NAME = "attempt-from-name",
    ATTEMPT_FROM_ADDRESS = "attempt-from-address",

    REASON_NOT_IN_RULES = "reason-not-in-rules",
    REASON_NOT_APPROVED = "reason-not-approved",
    REASON_WAITS = "reason-waits",
    REASON_OTHER_NAME_SERVICE = "reason-other-name-service",
    REASON_NO_LOOK_UP = "reason-no-look-up",

    DEVICE_UNKNOWN = "device-unknown",

    QUESTION_FILE = "question-file",
    QUESTION_FILE_YES = "question-file-yes",
    QUESTION_FILE_NO = "question-file-no",
    QUESTION_NEW_RULES_YES = "question-new-rules-yes",
    QUESTION_NEW_RULES_NO = "question-new-rules-no",
    QUESTION_ADDRESSES = "question-addresses",
    QUESTION_ADDRESSES_YES = "question-addresses-yes",
    QUESTION_ADDRESSES_NO = "question-addresses-no",
    QUESTION_URL = "question-url",
    QUESTION_NEW_DEVICE = "question-new-device",
    QUESTION_NEW_DEVICE_YES = "question-new-device-yes",
    QUESTION_NEW_DEVICE_NO = "question-new-device-no",
    QUESTION_MEANWHILE_RESTRICTED = "question-meanwhile-restricted",
    QUESTION_MEANWHILE_OLD_RULES = "question-meanwhile-old-rules",
    QUESTION_MEANWHILE_NO_ADDRESSES = "question-meanwhile-no-addresses",

    NOTICE_LABORATORY = "notice-laboratory",
    NOTICE_DATABASE = "notice-database",
    NOTICE_FIREWALL = "notice-firewall",
    NOTICE_LIMITATION = "notice-limitation",
    NOTICE_CLOCK = "notice-clock",

    TROUBLE_REFUSED_URL = "trouble-refused-url",
    TROUBLE_REFUSED_URL_SHORT = "trouble-refused-url-short",
    TROUBLE_NO_FILE = "trouble-no-file",
    TROUBLE_NO_FILE_SHORT = "trouble-no-file-short",
    TROUBLE_NOT_RENEWED = "trouble-not-renewed",
    TROUBLE_NOT_RENEWED_SHORT = "trouble-not-renewed-short",

    COUNT_WAITING = "count-waiting",
    COUNT_LIMITED = "count-limited",
    COUNT_WATCHED = "count-watched",
    COUNT_NOT_LIMITED = "count-not-limited",
    COUNT_BLOCKED = "count-blocked",
    COUNT_WOULD_BE_BLOCKED = "count-would-be-blocked",
    COUNT_TIMES = "count-times",
    COUNT_ENFORCED = "count-enforced",
    COUNT_NARROWED = "count-narrowed",
    COUNT_REFUSED = "count-refused",

    AGO_SEEN = "ago-seen",
    AGO_NOW = "ago-now",
    AGO_MINUTES = "ago-minutes",
    AGO_HOURS = "ago-hours",
    AGO_DAYS = "ago-days",
}

/// The phrases of the page, each told as [`Phrase`](crate::Phrase).
pub(crate) mod phrase {
    use super::Key;

    keys! {
        DEVICES = "page-devices",
        SKIP = "page-skip",
        WAITING = "page-waiting",
        DECIDE = "page-decide",
        BLOCKED_DEVICES = "page-blocked-devices",
        OTHER_DEVICES = "page-other-devices",
        NO_DEVICES = "page-no-devices",
        NO_DEVICES_HINT = "page-no-devices-hint",
        MAY_DO = "page-may-do",
        MAY_DO_IF_APPROVED = "page-may-do-if-approved",
        MAY_DO_MEANWHILE = "page-may-do-meanwhile",
        ELSE_BLOCKED = "page-else-blocked",
        ELSE_RECORDED = "page-else-recorded",
        NOT_LIMITED = "page-not-limited",
        BLOCKED = "page-blocked",
        WOULD_BE_BLOCKED = "page-would-be-blocked",
        NOTHING_BLOCKED = "page-nothing-blocked",
        NOTHING_RECORDED = "page-nothing-recorded",
        BLOCKED_IS_KEPT = "page-blocked-is-kept",
        ABOUT = "page-about",
        TECHNICAL_RULES = "page-technical-rules",
        RULE = "page-rule",
        OUTCOME = "page-outcome",
        DECIDE_ELSEWHERE = "page-decide-elsewhere",
        HOST_NAME = "page-host-name",
        ADDRESSES = "page-addresses",
        MAC_ADDRESS = "page-mac-address",
        PORT = "page-port",
        MUD_URL = "page-mud-url",
        SYSTEM_INFO = "page-system-info",
        MANUFACTURER = "page-manufacturer",
        MODEL = "page-model",
        LAST_UPDATE = "page-last-update",
        RETRIEVED = "page-retrieved",
        DIGEST = "page-digest",
        FIRST_SEEN = "page-first-seen",
        NOT_SUPPORTED = "page-not-supported",
        MODE_WATCH = "page-mode-watch",
        MODE_ASK = "page-mode-ask",
        MODE_PROTECT = "page-mode-protect",
        MODE_WATCH_MEANS = "page-mode-watch-means",
        MODE_ASK_MEANS = "page-mode-ask-means",
        MODE_PROTECT_MEANS = "page-mode-protect-means",
        FOOTER = "page-footer",
        ALL_DEVICES = "page-all-devices",
        REFUSED_NO_SUCH_PAGE = "page-refused-no-such-page",
        REFUSED_NO_SUCH_DEVICE = "page-refused-no-such-device",
        REFUSED_NOTHING_WAITS = "page-refused-nothing-waits",
        REFUSED_OTHER_QUESTION = "page-refused-other-question",
        REFUSED_WRONG_HOST = "page-refused-wrong-host",
        REFUSED_OTHER_SITE = "page-refused-other-site",
        REFUSED_OLD_FORM = "page-refused-old-form",
        REFUSED_NOT_HERE = "page-refused-not-here",
        REFUSED_NO_ANSWER = "page-refused-no-answer",
    }
}
