//! One-time passwords of cards.

/// Length of a one-time password, in characters.
pub const ONE_TIME_LENGTH: usize = 12;

/// Both cases, digits and symbols, without look-alikes (0 O 1 l I).
pub const ONE_TIME_ALPHABET: &[u8] = b"abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789!#$%&*+=?@";

/// The symbols among [`ONE_TIME_ALPHABET`]; a password has at least one.
const SYMBOLS: &[u8] = b"!#$%&*+=?@";

/// A one-time password in clear. It lives between its making and the one answer that shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct OneTimePassword(String);

impl OneTimePassword {
    /// Draws a password; `random` gives bytes of the operating system's generator. Every password of the
    /// alphabet with at least one symbol is equally likely (rejection sampling).
    pub fn draw(mut random: impl FnMut() -> u8) -> Self {
        // The largest multiple of the alphabet's length that fits a byte: above it a byte is drawn again.
        let fair = 256 - 256 % ONE_TIME_ALPHABET.len();
        loop {
            let mut text = String::with_capacity(ONE_TIME_LENGTH);
            while text.len() < ONE_TIME_LENGTH {
                let byte = usize::from(random());
                if byte < fair
                    && let Some(c) = ONE_TIME_ALPHABET.get(byte % ONE_TIME_ALPHABET.len())
                {
                    text.push(char::from(*c));
                }
            }
            if text.bytes().any(|byte| SYMBOLS.contains(&byte)) {
                return Self(text);
            }
        }
    }

    /// The password in clear.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// A password is never printed.
impl std::fmt::Debug for OneTimePassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OneTimePassword(…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_alphabet_has_no_look_alikes_and_no_letter_twice() {
        for c in b"0O1lI" {
            assert!(!ONE_TIME_ALPHABET.contains(c));
        }
        for (place, c) in ONE_TIME_ALPHABET.iter().enumerate() {
            assert!(!ONE_TIME_ALPHABET[..place].contains(c));
        }
    }

    proptest! {
        #[test]
        fn every_password_keeps_the_rules(seed in any::<u64>()) {
            let mut state = seed;
            let password = OneTimePassword::draw(|| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 56) as u8
            });
            prop_assert_eq!(password.expose().len(), ONE_TIME_LENGTH);
            prop_assert!(password.expose().bytes().all(|byte| ONE_TIME_ALPHABET.contains(&byte)));
            prop_assert!(password.expose().bytes().any(|byte| SYMBOLS.contains(&byte)));
        }
    }
}
