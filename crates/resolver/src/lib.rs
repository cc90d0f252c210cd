//! The resolver of the LAN, which tells an AnswerSink before it answers.
