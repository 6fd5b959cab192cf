//! From blocks to a message (RFC 5322): plain text and HTML made alike, every word escaped.

use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use epos_shared::values::Email;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart, SinglePart};
use lettre::{Address, address::Envelope};

use super::letter::Block;
use crate::config::{Config, Origin};
use crate::db::types::Id;

/// Who writes.
#[derive(Debug, Clone)]
pub(super) struct Sender {
    from: Mailbox,
    reply_to: Option<Mailbox>,
    origin: Origin,
}

/// A message, ready for the server.
#[derive(Debug, Clone)]
pub(super) struct Composed {
    pub from: Address,
    pub to: Address,
    pub bytes: Vec<u8>,
}

/// What a message is made of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parts<'a> {
    pub id: Id,
    pub to: &'a str,
    pub subject: &'a str,
    pub blocks: &'a [Block],
    pub written_at: DateTime<Utc>,
}

impl Sender {
    /// The configured one. Where none is (the demo), a name that can exist nowhere.
    pub(super) fn new(config: &Config, origin: &Origin) -> Result<Self, String> {
        let (from, reply_to) = config.mail.correspondents()?;
        let nobody = || Address::new("noreply", "epos.invalid").map_err(|error| error.to_string());
        let from =
            from.map_or_else(|| Ok(Mailbox::new(Some("ЭПОС".to_owned()), nobody()?)), Ok::<_, String>)?;
        Ok(Self { from, reply_to, origin: origin.clone() })
    }

    /// The message; the same bytes however often it is made.
    ///
    /// # Errors
    /// A letter cannot be sent to this address at all.
    pub(super) fn compose(&self, parts: Parts<'_>) -> Result<Composed, String> {
        let to = address(parts.to)?;
        let written_at = Duration::from_secs(parts.written_at.timestamp().try_into().unwrap_or_default());
        // Only the text of the subject comes from outside; every other header is ours.
        let mut builder = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to.clone()))
            .subject(one_line(parts.subject))
            .date(SystemTime::UNIX_EPOCH + written_at)
            .message_id(Some(format!("<{}@{}>", parts.id, self.origin.host())))
            // Nobody's holiday answers to it (RFC 3834).
            .raw_header(header("Auto-Submitted", "auto-generated"))
            .raw_header(header("Content-Language", "ru"));
        if let Some(reply_to) = &self.reply_to {
            builder = builder.reply_to(reply_to.clone());
        }
        let bodies = MultiPart::alternative()
            .boundary(format!("epos-{}", parts.id.0.simple()))
            .singlepart(SinglePart::plain(self.text(parts.blocks)))
            .singlepart(SinglePart::html(self.html(parts.subject, parts.blocks)));
        let message = builder.multipart(bodies).map_err(|error| error.to_string())?;
        let envelope: &Envelope = message.envelope();
        let from = envelope.from().cloned().ok_or("a message without a sender")?;
        Ok(Composed { from, to, bytes: message.formatted() })
    }

    /// The plain text.
    pub(super) fn text(&self, blocks: &[Block]) -> String {
        let mut text = String::new();
        for block in blocks {
            match block {
                Block::Text(words) => text.push_str(&printable(words)),
                Block::Link { label, url } => {
                    text.push_str(&format!("{}:\n{}", one_line(label), one_line(url)));
                }
                Block::Facts(facts) => {
                    let lines: Vec<String> = facts
                        .iter()
                        .map(|(name, value)| format!("{}: {}", one_line(name), one_line(value)))
                        .collect();
                    text.push_str(&lines.join("\n"));
                }
            }
            text.push_str("\n\n");
        }
        text.push_str(&format!("-- \n{}\n{}\n", self.closing(), self.origin.text));
        text
    }

    /// The same as HTML: a column of text without any picture, font or file from outside.
    fn html(&self, subject: &str, blocks: &[Block]) -> String {
        let mut body = String::new();
        for block in blocks {
            match block {
                Block::Text(words) => {
                    let words = escaped(&printable(words)).replace('\n', "<br>\n");
                    body.push_str(&format!("<p style=\"margin:0 0 16px\">{words}</p>\n"));
                }
                Block::Link { label, url } => body.push_str(&link(label, url)),
                Block::Facts(facts) => {
                    body.push_str("<table style=\"margin:0 0 16px;border-collapse:collapse\">\n");
                    for (name, value) in facts {
                        body.push_str(&format!(
                            "<tr><th scope=\"row\" style=\"padding:4px 16px 4px 0;text-align:left;\
                             vertical-align:top;font-weight:normal;color:#4d5968\">{}</th>\
                             <td style=\"padding:4px 0;vertical-align:top\"><strong>{}</strong></td></tr>\n",
                            escaped(&one_line(name)),
                            escaped(&one_line(value)),
                        ));
                    }
                    body.push_str("</table>\n");
                }
            }
        }
        let origin = escaped(&self.origin.text);
        format!(
            "<!DOCTYPE html>\n<html lang=\"ru\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{}</title>\n</head>\n\
             <body style=\"margin:0;padding:0;background:#ffffff\">\n\
             <div style=\"max-width:600px;margin:0 auto;padding:24px 16px;color:#1a2230;\
             font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif\">\n{body}\
             <p style=\"margin:32px 0 0;padding:16px 0 0;border-top:1px solid #dfe4ea;font-size:14px;\
             color:#4d5968\">{}<br>\n<a href=\"{origin}\" style=\"color:#1d55a5\">{origin}</a></p>\n\
             </div>\n</body>\n</html>\n",
            escaped(&one_line(subject)),
            self.closing(),
        )
    }

    fn closing(&self) -> &'static str {
        if self.reply_to.is_some() {
            "ЭПОС"
        } else {
            "ЭПОС. Отвечать на это письмо не нужно."
        }
    }
}

/// The button and, for those whose program shows none, the address in full.
fn link(label: &str, url: &str) -> String {
    let (label, url) = (escaped(&one_line(label)), escaped(&one_line(url)));
    if !url.starts_with("https://") && !url.starts_with("http://") {
        return format!("<p style=\"margin:0 0 16px\">{label}: {url}</p>\n");
    }
    format!(
        "<p style=\"margin:24px 0 16px\"><a href=\"{url}\" style=\"display:inline-block;padding:12px 20px;\
         border-radius:8px;background:#1d55a5;color:#ffffff;text-decoration:none\">{label}</a></p>\n\
         <p style=\"margin:0 0 16px;font-size:14px;color:#4d5968\">Если кнопка не открывается, скопируйте \
         адрес в строку браузера:<br>\n<a href=\"{url}\" style=\"color:#1d55a5;word-break:break-all\">{url}</a>\
         </p>\n"
    )
}

/// The address of the envelope, its domain in A-label form.
fn address(text: &str) -> Result<Address, String> {
    let email: Email = text.parse().map_err(|_| "the address is not one".to_owned())?;
    let key = email.key();
    let local = email.as_str().rsplit_once('@').map(|(local, _)| local);
    let (Some(local), Some((_, domain))) = (local, key.rsplit_once('@')) else {
        return Err("the address is not one".to_owned());
    };
    if !local.is_ascii() {
        return Err("before the @ stand letters that few mail servers know (RFC 6531)".to_owned());
    }
    Address::new(local, domain).map_err(|error| error.to_string())
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

/// No line ends, no other control characters: what stands in a header or in one line.
fn one_line(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if is_unprintable(c) { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Line ends stay, other control characters do not.
fn printable(text: &str) -> String {
    text.replace("\r\n", "\n").chars().filter(|c| *c == '\n' || !is_unprintable(*c)).collect()
}

/// Control characters, and those that turn the direction of writing.
fn is_unprintable(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender() -> Sender {
        let mut config = Config::default();
        config.server.public_url = "https://epos.test:8443".to_owned();
        config.mail.from = "ЭПОС, «портал» <noreply@epos.test>".to_owned();
        config.mail.reply_to = "help@epos.test".to_owned();
        Sender::new(&config, &config.public_origin().unwrap()).unwrap()
    }

    fn composed(to: &str, subject: &str, blocks: &[Block]) -> Composed {
        let written_at = "2026-11-22T07:00:00Z".parse().unwrap();
        let id = Id(uuid::Uuid::from_u128(7));
        sender().compose(Parts { id, to, subject, blocks, written_at }).unwrap()
    }

    #[test]
    fn the_headers_are_ours_whatever_stands_in_the_subject() {
        let subject = "Тема\r\nBcc: all@epos.test\u{2028}\n\nТело \u{202e}наоборот";
        let message = composed("Anna@почта.рф", subject, &[Block::Text("Здравствуйте.".into())]);
        let text = String::from_utf8(message.bytes.clone()).unwrap();
        assert!(text.is_ascii() && text.lines().all(|line| line.len() <= 998), "{text}");
        let (head, _) = text.split_once("\r\n\r\n").unwrap();
        let names: Vec<&str> = head
            .split("\r\n")
            .filter(|line| !line.starts_with([' ', '\t']))
            .filter_map(|line| Some(line.split_once(": ")?.0))
            .collect();
        assert_eq!(
            names,
            [
                "From",
                "To",
                "Subject",
                "Date",
                "Message-ID",
                "Auto-Submitted",
                "Content-Language",
                "Reply-To",
                "MIME-Version",
                "Content-Type"
            ]
        );
        for line in [
            "To: Anna@xn--80a1acny.xn--p1ai",
            "Date: Sun, 22 Nov 2026 07:00:00 +0000",
            "Message-ID: <00000000-0000-0000-0000-000000000007@epos.test>",
            "Auto-Submitted: auto-generated",
            "Reply-To: help@epos.test",
        ] {
            assert!(head.split("\r\n").any(|own| own == line), "{line}\n{head}");
        }
        assert_eq!(
            message.bytes,
            composed("Anna@почта.рф", subject, &[Block::Text("Здравствуйте.".into())]).bytes
        );
    }

    #[test]
    fn what_stands_in_a_block_is_text_and_nothing_else() {
        let nasty = "<script>alert('x')</script> & \"y\"";
        let blocks = [
            Block::Text(format!("{nasty}\nвторая строка\u{7}")),
            Block::Link { label: nasty.into(), url: "https://epos.test/a#t=\"><b>".into() },
            Block::Link { label: "Плохая".into(), url: "javascript:alert(1)".into() },
            Block::Facts(vec![(nasty.into(), "a\nb".into())]),
        ];
        let html = sender().html(nasty, &blocks);
        assert!(!html.contains("<script") && !html.contains("\"><b>") && !html.contains('\u{7}'), "{html}");
        assert!(!html.contains("href=\"javascript") && html.contains("<br>\nвторая строка"), "{html}");
        assert!(!html.contains("src=") && !html.contains("url("), "nothing from outside: {html}");
        let text = sender().text(&blocks);
        assert!(
            text.contains(&format!("{nasty}\nвторая строка\n\n{nasty}:\nhttps://epos.test/a#t=\"><b>")),
            "{text}"
        );
        assert!(text.contains(": a b\n") && text.ends_with("-- \nЭПОС\nhttps://epos.test:8443\n"), "{text}");
    }

    #[test]
    fn addresses_that_no_server_takes_are_told_at_once() {
        let written_at = "2026-11-22T07:00:00Z".parse().unwrap();
        let id = Id(uuid::Uuid::from_u128(7));
        for to in ["почта@mail.ru", "anna", "a@b.ru\r\nRCPT TO:<c@d.ru>", "a@b.ru>"] {
            let parts = Parts { id, to, subject: "Тема", blocks: &[], written_at };
            assert!(sender().compose(parts).is_err(), "{to}");
        }
    }
}
