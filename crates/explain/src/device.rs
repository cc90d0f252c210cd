//! The one name of a device, wherever it is told: the page, the command line, sentences about other devices.

use mudguard_policy::MacAddress;

use crate::{Language, foreign_text, keys};

/// The name that the owner gave it; else the one it gave itself; else "Unknown device" with the end of its MAC address.
#[must_use]
pub fn device_name(
    name: Option<&str>,
    host_name: Option<&str>,
    mac: MacAddress,
    language: &Language,
) -> String {
    let mut given = [name, host_name].into_iter().flatten().map(foreign_text);
    given.find(|name| !name.is_empty()).unwrap_or_else(|| {
        let [.., high, low] = mac.0;
        language.text(
            keys::DEVICE_UNKNOWN,
            &[("last", format!("{high:02x}{low:02x}").into())],
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_owner_names_it_first_and_a_name_that_shows_nothing_is_none() {
        let language = Language::plain_english();
        let mac = MacAddress([2, 0, 0, 0, 0x0a, 1]);
        for (name, host_name, shown) in [
            (Some("Hallway lamp"), Some("esp32"), "Hallway lamp"),
            (None, Some("esp32"), "esp32"),
            (Some(" "), Some("\u{200b}"), "Unknown device (0a01)"),
            (None, None, "Unknown device (0a01)"),
        ] {
            assert_eq!(device_name(name, host_name, mac, &language), shown);
        }
    }
}
