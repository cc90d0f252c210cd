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

        /// Every key.
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
}
