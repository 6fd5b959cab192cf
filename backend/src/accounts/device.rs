//! Browser and system in words, as far as a browser tells.

/// The names of browsers, the ones that call themselves by others' names too before those.
const BROWSERS: [(&str, &str); 13] = [
    ("YaBrowser/", "Яндекс Браузер"),
    ("Edg/", "Microsoft Edge"),
    ("EdgA/", "Microsoft Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
];

/// The names of systems, likewise.
const SYSTEMS: [(&str, &str); 9] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows NT", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Aurora", "Аврора"),
    ("Linux", "Linux"),
    ("X11", "Unix"),
];

/// «Chrome, Windows»; nothing of what the browser sent goes into the words.
pub(super) fn in_words(user_agent: &str) -> String {
    let first = |names: &[(&str, &'static str)]| {
        names.iter().find(|(sign, _)| user_agent.contains(sign)).map(|(_, name)| *name)
    };
    match (first(&BROWSERS), first(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser}, {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "Неизвестное устройство".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_told_by_their_own_names() {
        let windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)";
        for (text, words) in [
            (format!("{windows} Chrome/120.0.0.0 Safari/537.36"), "Chrome, Windows"),
            (format!("{windows} Chrome/118.0 YaBrowser/23.11 Yowser/2.5 Safari/537.36"), "Яндекс Браузер, Windows"),
            (format!("{windows} Chrome/120.0 Safari/537.36 Edg/120.0"), "Microsoft Edge, Windows"),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:121.0) Gecko/20100101 Firefox/121.0".to_owned(), "Firefox, Linux"),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 Version/17.1 Mobile/15E148 Safari/604.1"
                    .to_owned(),
                "Safari, iPhone",
            ),
            ("<script>alert(1)</script>".to_owned(), "Неизвестное устройство"),
            (String::new(), "Неизвестное устройство"),
        ] {
            assert_eq!(in_words(&text), words, "{text}");
        }
    }
}
