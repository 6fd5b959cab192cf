//! The built client: embedded in release builds, read from `dist/` in debug builds.

use actix_web::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    HeaderValue, IF_NONE_MATCH, VARY,
};
use actix_web::{HttpRequest, HttpResponse};
use epos_shared::problem::{Problem, ProblemCode};
use epos_shared::programs::Program;
use rust_embed::{Embed, EmbeddedFile};

use crate::error::respond;
use crate::http::{Policy, script_hashes};

#[derive(Embed)]
#[folder = "$CARGO_MANIFEST_DIR/../dist"]
struct Client;

/// The name of a page; it is answered under the addresses of the client only, never as a file.
const PAGE: &str = "index.html";

/// The page that loads a program.
const fn page_of(program: Program) -> &'static str {
    match program {
        Program::Main => "main/index.html",
        Program::Own => "own/index.html",
        Program::Staff => "staff/index.html",
        Program::Office => "office/index.html",
        Program::Manage => "manage/index.html",
        Program::Desk => "desk/index.html",
    }
}

/// Told where the server was built without its client.
const MISSING: &str = "<!doctype html><html lang=\"ru\"><meta charset=\"utf-8\"><title>ЭПОС</title>\
<h1>Клиент не собран</h1><p>Сервер работает, но собран без клиента. Соберите всё командой \
<code>cargo xtask run</code>.</p></html>";

/// Answers a file of the client; for an address of the client itself (no file, no API) its page.
#[must_use]
pub fn serve(request: &HttpRequest) -> HttpResponse {
    let path = request.path().trim_start_matches('/');
    let name = path.rsplit('/').next().unwrap_or_default();
    if name.contains('.') && path != PAGE {
        // Compressed siblings are answered under the name of the file itself only.
        let is_file = name != PAGE && !path.ends_with(".br") && !path.ends_with(".gz");
        return match is_file.then(|| Client::get(path)).flatten() {
            Some(file) => answer(request, path, file, None),
            None => respond(Problem::new(ProblemCode::NotFound)),
        };
    }
    let index = page_of(Program::of(path));
    match Client::get(index) {
        Some(page) => {
            // Trunk writes a new inline script with every build; debug builds see the new page at once.
            let hashes = script_hashes(&String::from_utf8_lossy(&page.data));
            answer(request, index, page, Some(Policy::client(&hashes)))
        }
        None => HttpResponse::ServiceUnavailable()
            .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
            .insert_header((CACHE_CONTROL, "no-store"))
            .body(MISSING),
    }
}

fn answer(
    request: &HttpRequest,
    path: &str,
    file: EmbeddedFile,
    policy: Option<HeaderValue>,
) -> HttpResponse {
    let accepted = request.headers().get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or("");
    let packed = [("br", ".br"), ("gzip", ".gz")].into_iter().find_map(|(name, ending)| {
        accepts(accepted, name).then(|| Client::get(&format!("{path}{ending}")).map(|file| (name, file)))?
    });
    let (encoding, file) = match packed {
        Some((name, file)) => (Some(name), file),
        None => (None, file),
    };
    let etag: String =
        file.metadata.sha256_hash().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let etag = format!("\"{etag}\"");
    let is_known = request
        .headers()
        .get_all(IF_NONE_MATCH)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|known| known.trim().trim_start_matches("W/") == etag);

    let mut response = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header((ETAG, etag)).insert_header((VARY, "accept-encoding")).insert_header((
        CACHE_CONTROL,
        if is_hashed(path) { "public, max-age=31536000, immutable" } else { "no-cache" },
    ));
    if let Some(policy) = policy {
        response.insert_header((CONTENT_SECURITY_POLICY, policy));
    }
    if is_known {
        return response.finish();
    }
    if let Some(encoding) = encoding {
        response.insert_header((CONTENT_ENCODING, encoding));
    }
    response.insert_header((CONTENT_TYPE, media_type(path))).body(file.data.into_owned())
}

/// Whether `Accept-Encoding` names an encoding and does not forbid it (`q=0`).
fn accepts(header: &str, encoding: &str) -> bool {
    header.split(',').any(|item| {
        let mut parts = item.split(';').map(str::trim);
        parts.next().is_some_and(|name| name.eq_ignore_ascii_case(encoding))
            && !parts.any(|part| {
                part.strip_prefix("q=").is_some_and(|q| q.parse::<f32>().is_ok_and(|quality| quality <= 0.0))
            })
    })
}

/// Whether a name holds a hash of its contents, as Trunk writes it (`epos-1f0c5b7a9d3e2486_bg.wasm`).
fn is_hashed(path: &str) -> bool {
    path.split(['/', '-', '_', '.']).any(|part| {
        (12..=16).contains(&part.len()) && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    })
}

fn media_type(path: &str) -> String {
    if path.ends_with(".webmanifest") {
        return "application/manifest+json".to_owned();
    }
    let media = mime_guess::from_path(path).first_or_octet_stream();
    if media.type_() == mime_guess::mime::TEXT || path.ends_with(".js") {
        format!("{}; charset=utf-8", media.essence_str())
    } else {
        media.essence_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashed_names_are_told_from_others() {
        assert!(is_hashed("main/epos-frontend-1f0c5b7a9d3e2486_bg.wasm"));
        assert!(is_hashed("snippets/styles-a0b1c2d3e4f5.css"));
        for plain in
            ["main/index.html", "manage/index.html", "manifest.webmanifest", "icons/icon-192.png", "sw.js"]
        {
            assert!(!is_hashed(plain), "{plain}");
        }
    }

    #[test]
    fn an_address_is_answered_by_the_page_of_its_program() {
        for path in ["profile", "register", "consent"] {
            assert_eq!(page_of(Program::of(path)), "own/index.html", "{path}");
        }
        for path in ["kontingent/import", "kontingent/organizations/17"] {
            assert_eq!(page_of(Program::of(path)), "manage/index.html", "{path}");
        }
        for path in ["accounts", "accounts/17", "applications/17", "support/esia"] {
            assert_eq!(page_of(Program::of(path)), "desk/index.html", "{path}");
        }
        for path in ["kontingent/employees", "kontingent/employees/17"] {
            assert_eq!(page_of(Program::of(path)), "staff/index.html", "{path}");
        }
        for path in ["kontingent/queues/confirmations", "kontingent/reports"] {
            assert_eq!(page_of(Program::of(path)), "office/index.html", "{path}");
        }
        for path in ["", PAGE, "login/rsaa", "kontingent/bind", "nothing/accounts"] {
            assert_eq!(page_of(Program::of(path)), "main/index.html", "{path}");
        }
    }

    #[test]
    fn rfc9110_an_encoding_is_used_where_it_is_accepted() {
        assert!(accepts("gzip, deflate, br", "br"));
        assert!(accepts("BR;q=0.5", "br"));
        assert!(!accepts("br;q=0, gzip", "br"));
        assert!(!accepts("gzip", "br"));
        assert!(!accepts("", "gzip"));
    }

    #[test]
    fn scripts_and_wasm_have_the_types_that_browsers_ask_for() {
        assert_eq!(media_type("a.wasm"), "application/wasm");
        assert_eq!(media_type("a.js"), "text/javascript; charset=utf-8");
        assert_eq!(media_type("a.css"), "text/css; charset=utf-8");
    }
}
