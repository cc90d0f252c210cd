//! Text that a Thing, a file or a certificate says of itself, made fit to be shown.
//!
//! What it is not: it escapes nothing. Whoever writes HTML, JSON or a terminal escapes in their own way.

/// How many characters of foreign text are shown.
const LONGEST: usize = 60;

/// How many characters are shown of a passage: a URL, or a reason that quotes foreign text.
const LONGEST_PASSAGE: usize = 300;

/// The text without control, bidirectional, zero-width and other invisible characters, with single spaces, at most 60
/// characters long; an ellipsis marks what was cut off.
#[must_use]
pub fn foreign_text(text: &str) -> String {
    clean(text, LONGEST)
}

/// As [`foreign_text`], at most 300 characters long: for a URL, or a reason that quotes foreign text.
#[must_use]
pub fn foreign_passage(text: &str) -> String {
    clean(text, LONGEST_PASSAGE)
}

fn clean(text: &str, longest: usize) -> String {
    let mut shown = String::new();
    let mut length = 0;
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        let mut visible = word.chars().filter(|c| !is_invisible(*c)).peekable();
        if length > 0 && visible.peek().is_some() {
            shown.push(' ');
            length += 1;
        }
        for c in visible {
            if length >= longest {
                shown.push('\u{2026}');
                return shown;
            }
            shown.push(c);
            length += 1;
        }
    }
    shown
}

/// Characters that show nothing, or change how others are shown (Unicode 16: Default_Ignorable_Code_Point, Bidi_Control,
/// private use, interlinear annotation, noncharacters).
fn is_invisible(c: char) -> bool {
    matches!(u32::from(c),
        0xad | 0x34f | 0x61c | 0x115f..=0x1160 | 0x17b4..=0x17b5 | 0x180b..=0x180f
        | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0x3164 | 0xe000..=0xf8ff
        | 0xfe00..=0xfe0f | 0xfeff | 0xffa0 | 0xfff0..=0xffff
        | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a | 0xe0000..=0xe0fff | 0xf0000..=0x0010_ffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_taken_out() {
        for (text, shown) in [
            ("Hallway lamp", "Hallway lamp"),
            ("  two\t\r\n  words\0 ", "two words"),
            ("\u{202e}gpj.exe\u{202c}", "gpj.exe"),
            ("a\u{200b}b\u{feff}c\u{ad}d", "abcd"),
            ("l\u{e4}mp \u{4e2d}\u{6587}", "l\u{e4}mp \u{4e2d}\u{6587}"),
            ("\u{1b}[31mred", "[31mred"),
            ("\u{e0041}tag", "tag"),
            ("\u{200b} \u{200d}", ""),
        ] {
            assert_eq!(foreign_text(text), shown, "{text:?}");
        }
    }

    #[test]
    fn what_is_long_is_cut() {
        assert_eq!(foreign_text(&"x".repeat(60)), "x".repeat(60));
        assert_eq!(
            foreign_text(&"\u{e4}".repeat(61)),
            format!("{}\u{2026}", "\u{e4}".repeat(60))
        );
        assert!(foreign_text(&"a ".repeat(10_000)).chars().count() <= 62);
        assert_eq!(foreign_passage(&"x".repeat(300)), "x".repeat(300));
        assert_eq!(
            foreign_passage(&"x".repeat(301)),
            format!("{}\u{2026}", "x".repeat(300))
        );
    }
}
