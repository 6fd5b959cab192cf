//! The text of the consent: the built-in one, or the operator's own out of a file.

use epos_shared::api::registration::{ConsentText, MAX_TOKEN_LENGTH};

use crate::config::Consent;

/// The version of the built-in text; another text gets another version.
pub const BUILT_IN_VERSION: &str = "2026-11";

const BUILT_IN: &str = include_str!("built_in.txt");

/// The text as configured.
///
/// # Errors
/// The key and what is wrong with it.
pub fn text(config: &Consent) -> Result<ConsentText, String> {
    let (version, words) = match (config.version.trim(), &config.file) {
        ("", None) => (BUILT_IN_VERSION, BUILT_IN.to_owned()),
        (version, Some(file)) if !version.is_empty() => {
            if version.len() > MAX_TOKEN_LENGTH {
                return Err(format!("consent.version: not longer than {MAX_TOKEN_LENGTH} bytes"));
            }
            let words = std::fs::read_to_string(file)
                .map_err(|error| format!("consent.file: {}: {error}", file.display()))?;
            (version, words)
        }
        _ => return Err("consent: give both version and file, or neither".to_owned()),
    };
    parse(version, &words)
        .ok_or_else(|| "consent.file: a heading, an empty line, and at least one paragraph".to_owned())
}

/// The heading, then paragraphs, with empty lines between; lines of one paragraph are joined.
fn parse(version: &str, words: &str) -> Option<ConsentText> {
    let mut paragraphs: Vec<String> = Vec::new();
    let mut is_open = false;
    for line in words.trim_start_matches('\u{feff}').lines().map(str::trim) {
        match paragraphs.last_mut() {
            _ if line.is_empty() => is_open = false,
            Some(paragraph) if is_open => {
                paragraph.push(' ');
                paragraph.push_str(line);
            }
            _ => {
                paragraphs.push(line.to_owned());
                is_open = true;
            }
        }
    }
    let title = paragraphs.first()?.clone();
    paragraphs.remove(0);
    (!paragraphs.is_empty()).then(|| ConsentText { version: version.to_owned(), title, paragraphs })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_text_can_be_read() {
        let text = text(&Consent::default()).unwrap();
        assert_eq!(text.version, BUILT_IN_VERSION);
        assert_eq!(text.title, "Согласие на обработку персональных данных");
        assert!(text.paragraphs.len() > 4, "{text:?}");
    }

    #[test]
    fn a_text_of_ones_own_has_a_version_and_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("consent.txt");
        std::fs::write(&file, "\u{feff}Согласие\r\n\r\nЯ согласен\r\nна многое.\r\n\r\nИ на прочее.\r\n")
            .unwrap();
        let own = |version: &str| text(&Consent { version: version.to_owned(), file: Some(file.clone()) });
        assert_eq!(
            own("7").unwrap(),
            ConsentText {
                version: "7".into(),
                title: "Согласие".into(),
                paragraphs: vec!["Я согласен на многое.".into(), "И на прочее.".into()],
            }
        );
        assert!(own("").is_err() && own(&"7".repeat(101)).is_err());
        assert!(text(&Consent { version: "7".into(), file: None }).is_err());
        std::fs::write(&file, "Одно название\n").unwrap();
        assert!(own("7").is_err());
        std::fs::remove_file(&file).unwrap();
        assert!(own("7").is_err());
    }
}
