//! A question, as the resolver compares and stores it: name without case, and type. The class is always IN.

use std::{fmt, sync::Arc};

use hickory_proto::rr::{Name, RecordType};

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Question {
    /// The name, absolute and in lower case.
    pub(crate) name: Name,
    /// The type.
    pub(crate) record_type: RecordType,
}

impl Question {
    /// The question for this name, however it is written.
    pub(crate) fn new(name: &Name, record_type: RecordType) -> Self {
        let mut name = name.to_lowercase();
        name.set_fqdn(true);
        Self { name, record_type }
    }
}

impl fmt::Display for Question {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", text_of(&self.name), self.record_type)
    }
}

/// A name as text: lower case, without the final dot, escaped (RFC 1035 section 5.1).
pub(crate) fn text_of(name: &Name) -> String {
    let mut text = name.to_lowercase().to_ascii();
    if text.len() > 1 && text.ends_with('.') {
        text.pop();
    }
    text
}

/// The same, for an answer that is shared.
pub(crate) fn shared_text_of(name: &Name) -> Arc<str> {
    Arc::from(text_of(name))
}
